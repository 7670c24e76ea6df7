use std::collections::VecDeque;

/// First in, first out, in the proportions of a connection: mostly empty, and mostly one at a time. Neither needs memory of
/// its own, and what more needs is given back once it is empty.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    first: Option<T>,
    more: VecDeque<T>,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue {
            first: None,
            more: VecDeque::new(),
        }
    }
}

impl<T> Queue<T> {
    pub(crate) fn push(&mut self, item: T) {
        match self.first {
            None => self.first = Some(item),
            Some(_) => self.more.push_back(item),
        }
    }

    pub(crate) fn first(&self) -> Option<&T> {
        self.first.as_ref()
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let popped = self.first.take();
        self.first = self.more.pop_front();
        if self.more.is_empty() {
            self.more = VecDeque::new();
        }
        popped
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.first.is_some()) + self.more.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.first.iter().chain(&self.more)
    }
}
