use std::collections::VecDeque;

use metrics::Gauge;

use crate::Publication;

/// The newest stored publications of a topic, kept while a reader of it is behind: it catches up from here first, and from
/// [`App::replay`](crate::App::replay) with what is older. Without holes: each is the next after the one before.
pub(crate) struct Recent {
    publications: VecDeque<Publication>,
    bytes: usize,
    /// Of all topics together.
    gauge: Gauge,
}

impl Recent {
    pub(crate) fn new(gauge: Gauge) -> Recent {
        Recent {
            publications: VecDeque::new(),
            bytes: 0,
            gauge,
        }
    }

    /// Keeps a publication, and of the older ones as many as fit in `bytes_max`.
    pub(crate) fn push(&mut self, publication: &Publication, bytes_max: usize) {
        let Some(position) = publication.position.filter(|_| !publication.volatile) else {
            return;
        };
        if self.last().is_some_and(|last| position != last + 1) {
            self.clear();
        }
        let before = self.bytes;
        self.bytes += size(publication);
        self.publications.push_back(publication.clone());
        while self.bytes > bytes_max {
            let Some(oldest) = self.publications.pop_front() else {
                break;
            };
            self.bytes -= size(&oldest);
        }
        self.gauge.increment(self.bytes as f64 - before as f64);
    }

    /// Up to `limit` publications beyond `after`; none if the first of them is not here.
    pub(crate) fn after(&self, after: u64, limit: usize) -> Vec<Publication> {
        let first = self.publications.front().and_then(|first| first.position);
        let Some(skip) = first.and_then(|first| after.saturating_add(1).checked_sub(first)) else {
            return Vec::new();
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        self.publications.iter().skip(skip).take(limit).cloned().collect()
    }

    fn clear(&mut self) {
        if self.bytes > 0 {
            self.gauge.decrement(self.bytes as f64);
            self.publications = VecDeque::new();
            self.bytes = 0;
        }
    }

    fn last(&self) -> Option<u64> {
        self.publications.back().and_then(|last| last.position)
    }
}

impl Drop for Recent {
    fn drop(&mut self) {
        self.clear();
    }
}

/// About what it holds in memory.
fn size(publication: &Publication) -> usize {
    let headers = publication.headers.iter().map(|(name, value)| name.len() + value.len());
    size_of::<Publication>() + publication.body.len() + headers.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent() -> Recent {
        Recent::new(Gauge::noop())
    }

    fn at(position: u64) -> Publication {
        Publication::json("x".repeat(100)).at(position)
    }

    fn positions(page: &[Publication]) -> Vec<u64> {
        page.iter().filter_map(|publication| publication.position).collect()
    }

    #[test]
    fn only_what_follows_without_a_hole_is_given() {
        let mut recent = recent();
        for position in 5..=9 {
            recent.push(&at(position), usize::MAX);
        }
        assert_eq!(positions(&recent.after(4, 3)), [5, 6, 7]);
        assert_eq!(positions(&recent.after(7, 9)), [8, 9]);
        assert!(recent.after(9, 9).is_empty());
        assert!(recent.after(3, 9).is_empty(), "4 is not here");
        assert!(recent.after(u64::MAX, 9).is_empty());
    }

    #[test]
    fn a_hole_forgets_what_was_before_it() {
        let mut recent = recent();
        for position in [1, 2, 4] {
            recent.push(&at(position), usize::MAX);
        }
        assert!(recent.after(0, 9).is_empty());
        assert_eq!(positions(&recent.after(3, 9)), [4]);
    }

    #[test]
    fn what_is_not_stored_is_not_kept() {
        let mut recent = recent();
        recent.push(&Publication::json("{}"), usize::MAX);
        recent.push(&at(1).volatile(), usize::MAX);
        assert_eq!(recent.bytes, 0);
    }

    #[test]
    fn the_oldest_go_over_the_bound() {
        let mut recent = recent();
        let max = 3 * size(&at(1));
        for position in 1..=10 {
            recent.push(&at(position), max);
        }
        assert_eq!((positions(&recent.after(7, 9)), recent.bytes), (vec![8, 9, 10], max));
        recent.push(&at(11), 0);
        assert_eq!((recent.publications.len(), recent.bytes), (0, 0));
    }
}
