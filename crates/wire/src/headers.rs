use std::fmt;

/// The headers of a frame, unescaped and in order: two allocations, however many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers {
    /// Names and values, one after the other.
    text: String,
    ends: Vec<Ends>,
}

/// Where a header's name and value end in `text`; its name starts where the one before ended.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ends {
    name: u32,
    value: u32,
}

impl Headers {
    /// No headers; allocates nothing.
    pub const fn new() -> Headers {
        Headers {
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// Adds a header at the end. Of equal names the first one counts.
    ///
    /// # Panics
    /// When names and values together pass 4 GiB, which the decoder's limits rule out.
    pub fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_end = self.position();
        self.text.push_str(value);
        let value_end = self.position();
        self.ends.push(Ends {
            name: name_end,
            value: value_end,
        });
    }

    fn position(&self) -> u32 {
        u32::try_from(self.text.len()).expect("headers are far below 4 GiB")
    }

    /// The value of the first header with this name. Names are case sensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Name and value of each, in order, repeated ones too.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |ends| {
            let (name, value) = (ends.name as usize, ends.value as usize);
            let header = (&self.text[start..name], &self.text[name..value]);
            start = value;
            header
        })
    }

    /// How many there are, repeated ones counted.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Headers {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.push(name, value);
        }
        headers
    }
}

/// Shows names only: values may be credentials.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
