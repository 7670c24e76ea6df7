//! Frames held back until COMMIT. Pure.

use crate::driver::Request;
use crate::{Limits, Refusal, code};

/// The open transactions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    open: Vec<Transaction>,
}

#[derive(Debug)]
struct Transaction {
    id: String,
    frames: Vec<Request>,
}

impl Transactions {
    pub(crate) fn begin(&mut self, id: &str, limits: &Limits) -> Result<(), Refusal> {
        if self.open.iter().any(|transaction| transaction.id == id) {
            return Err(Refusal::new(
                code::INVALID_REQUEST,
                "This transaction has begun already.",
            ));
        }
        if self.open.len() >= limits.transactions_max {
            return Err(Refusal::new(code::TOO_LARGE, "Too many transactions are open."));
        }
        self.open.push(Transaction {
            id: id.to_owned(),
            frames: Vec::new(),
        });
        Ok(())
    }

    /// Keeps a frame for its transaction's COMMIT.
    pub(crate) fn hold(&mut self, id: &str, frame: Request, limits: &Limits) -> Result<(), Refusal> {
        let held = self.open.iter().flat_map(|transaction| &transaction.frames);
        let (frames, bytes) = held.fold((1, frame.size()), |(n, bytes), frame| (n + 1, bytes + frame.size()));
        let index = self.index(id)?;
        if frames > limits.transaction_frames_max || bytes > limits.transaction_bytes_max {
            return Err(Refusal::new(code::TOO_LARGE, "The open transactions hold too much."));
        }
        self.open[index].frames.push(frame);
        Ok(())
    }

    /// Ends it: its frames in order, to be used (COMMIT) or dropped (ABORT).
    pub(crate) fn end(&mut self, id: &str) -> Result<Vec<Request>, Refusal> {
        let index = self.index(id)?;
        Ok(self.open.remove(index).frames)
    }

    fn index(&self, id: &str) -> Result<usize, Refusal> {
        let found = self.open.iter().position(|transaction| transaction.id == id);
        found.ok_or_else(|| Refusal::new(code::INVALID_REQUEST, "There is no such transaction."))
    }
}
