//! The JSON of SockJS: strings, and arrays of strings. No library, for two reasons: old clients want characters escaped that
//! need no escape, and a lone surrogate, which a page may send, is no error but U+FFFD.

use std::fmt::Write;

/// Not an array of strings, nor a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken;

/// Appends `text` as a JSON string. What browsers are known to lose or change is escaped, and all beyond U+FFFF.
pub fn put_string(text: &str, out: &mut String) {
    out.reserve(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some((at, character)) = rest.char_indices().find(|(_, character)| is_escaped(*character)) {
        out.push_str(&rest[..at]);
        put_escape(character, out);
        rest = &rest[at + character.len_utf8()..];
    }
    out.push_str(rest);
    out.push('"');
}

fn is_escaped(character: char) -> bool {
    matches!(character,
        '"' | '\\' | '\0'..='\x1f' | '\u{200c}'..='\u{200f}' | '\u{2028}'..='\u{202f}' | '\u{2060}'..='\u{206f}'
        | '\u{fff0}'..)
}

fn put_escape(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}").expect("a string takes everything");
            }
        }
    }
}

/// The strings of an array.
pub fn strings(text: &str) -> Result<Vec<String>, Broken> {
    let mut reader = Reader { text, at: 0 };
    let strings = reader.array()?;
    reader.end().map(|()| strings)
}

/// The same, where one string alone stands for an array with it.
pub fn strings_or_one(text: &str) -> Result<Vec<String>, Broken> {
    let mut reader = Reader { text, at: 0 };
    if reader.peek() != Some(b'"') {
        return strings(text);
    }
    let string = reader.string()?;
    reader.end().map(|()| vec![string])
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// The next octet that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let blank = rest.iter().take_while(|octet| b" \t\r\n".contains(octet)).count();
        self.at += blank;
        rest.get(blank).copied()
    }

    fn take(&mut self, expected: u8) -> Result<(), Broken> {
        if self.peek() != Some(expected) {
            return Err(Broken);
        }
        self.at += 1;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Broken> {
        self.peek().map_or(Ok(()), |_| Err(Broken))
    }

    fn array(&mut self) -> Result<Vec<String>, Broken> {
        self.take(b'[')?;
        let mut strings = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(strings);
        }
        loop {
            strings.push(self.string()?);
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => return self.take(b']').map(|()| strings),
            }
        }
    }

    fn string(&mut self) -> Result<String, Broken> {
        self.take(b'"')?;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let length = rest
                .find(|character| matches!(character, '"' | '\\' | '\0'..='\x1f'))
                .ok_or(Broken)?;
            string.push_str(&rest[..length]);
            self.at += length + 1;
            match rest.as_bytes()[length] {
                b'"' => return Ok(string),
                b'\\' => string.push(self.escaped()?),
                _ => return Err(Broken),
            }
        }
    }

    fn escaped(&mut self) -> Result<char, Broken> {
        let letter = *self.text.as_bytes().get(self.at).ok_or(Broken)?;
        self.at += 1;
        match letter {
            b'"' | b'\\' | b'/' => Ok(letter.into()),
            b'b' => Ok('\x08'),
            b'f' => Ok('\x0c'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.code_unit().map(|unit| self.completed(unit)),
            _ => Err(Broken),
        }
    }

    fn code_unit(&mut self) -> Result<u16, Broken> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Broken)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, digit| {
            let digit = char::from(*digit).to_digit(16).ok_or(Broken)?;
            Ok(unit << 4 | digit as u16)
        })
    }

    /// The character that begins with `unit`, with the other half of a pair if it follows.
    fn completed(&mut self, unit: u16) -> char {
        let behind = self.at;
        let is_first_half = matches!(unit, 0xd800..=0xdbff);
        if is_first_half && self.text.as_bytes()[behind..].starts_with(b"\\u") {
            self.at += 2;
            if let Ok(second) = self.code_unit()
                && let Some(Ok(character)) = char::decode_utf16([unit, second]).next()
            {
                return character;
            }
            self.at = behind;
        }
        char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn string(text: &str) -> String {
        let mut out = String::new();
        put_string(text, &mut out);
        out
    }

    #[test]
    fn what_browsers_lose_is_escaped_in_lower_case() {
        assert_eq!(string("a\"\\/\0\n\u{1f}é한"), r#""a\"\\/\u0000\n\u001fé한""#);
        assert_eq!(
            string("\u{200c}\u{2028}\u{206f}\u{fff0}\u{ffff}🙂"),
            r#""\u200c\u2028\u206f\ufff0\uffff\ud83d\ude42""#
        );
    }

    #[test]
    fn every_escape_is_read() {
        let read = strings(r#" [ "\"\\\/\b\f\n\r\tA\ud83d\ude42" , "" ] "#).unwrap();
        assert_eq!(read, ["\"\\/\x08\x0c\n\r\tA🙂", ""]);
        assert_eq!(strings("[]"), Ok(Vec::new()));
        assert_eq!(strings_or_one("\"x\""), Ok(vec!["x".to_owned()]));
    }

    #[test]
    fn a_lone_surrogate_is_read_as_the_replacement_character() {
        for (text, expected) in [
            (r#"["\ud800"]"#, "\u{fffd}"),
            (r#"["\udc00x"]"#, "\u{fffd}x"),
            (r#"["\ud800A"]"#, "\u{fffd}A"),
            (r#"["\ud800\ud83d\ude42"]"#, "\u{fffd}🙂"),
            (r#"["\ud800\n"]"#, "\u{fffd}\n"),
        ] {
            assert_eq!(strings(text).unwrap(), [expected], "{text}");
        }
    }

    #[test]
    fn everything_else_is_broken() {
        for text in [
            "",
            "[",
            "[\"x",
            "[\"x\"",
            "[\"x\",]",
            "[,]",
            "[1]",
            "{}",
            "x",
            "[\"x\"]y",
            "[\"\\x\"]",
            "[\"\\u12\"]",
            "[\"\\u12é\"]",
            "[\"\n\"]",
            "[[\"x\"]]",
            "\"x\"",
            "[\"\\ud800\\u12\"]",
            "[\"\\",
        ] {
            assert_eq!(strings(text), Err(Broken), "{text}");
        }
        assert_eq!(strings_or_one("\"x\"]"), Err(Broken));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(texts in prop::collection::vec(any::<String>(), 0..4)) {
            let written: Vec<_> = texts.iter().map(|text| string(text)).collect();
            prop_assert_eq!(strings(&format!("[{}]", written.join(","))), Ok(texts));
        }

        #[test]
        fn any_text_is_read_or_broken(text in "[\\[\\]\",\\\\ua0-9d8 🙂]{0,24}") {
            let _ = strings_or_one(&text);
        }
    }
}
