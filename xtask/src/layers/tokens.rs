//! A small lexer for Rust: just enough to find paths.
//!
//! Comments, strings and numbers vanish, so that nothing in them looks like a
//! path. It never fails: the compiler judges the code, this only reads it.

use std::iter::Peekable;
use std::str::Chars;

/// A token and the line on which it starts, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) line: usize,
    pub(super) kind: Kind,
}

/// What matters of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An identifier or keyword; a raw one without its `r#`.
    Ident(String),
    /// `::`.
    PathSep,
    /// Any other sign.
    Sign(char),
}

/// The tokens of `source`.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: source.chars().peekable(), line: 1 };
    let mut tokens = Vec::new();
    while let Some(first) = lexer.next() {
        let line = lexer.line;
        let kind = match first {
            '/' if lexer.eat('/') => lexer.skip_until('\n'),
            '/' if lexer.eat('*') => lexer.skip_block_comment(),
            '"' => lexer.skip_string(),
            '\'' => lexer.skip_char_or_lifetime(),
            ':' if lexer.eat(':') => Some(Kind::PathSep),
            c if c.is_alphabetic() || c == '_' => lexer.ident_or_prefixed_string(c),
            c if c.is_ascii_digit() => {
                lexer.take_word(c);
                None
            }
            c if c.is_whitespace() => None,
            c => Some(Kind::Sign(c)),
        };
        tokens.extend(kind.map(|kind| Token { line, kind }));
    }
    tokens
}

struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

/// Every `skip` returns `None`: it leaves no token.
impl Lexer<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    fn eat(&mut self, expected: char) -> bool {
        self.rest.next_if_eq(&expected).is_some()
    }

    fn skip_until(&mut self, end: char) -> Option<Kind> {
        while self.next().is_some_and(|c| c != end) {}
        None
    }

    /// After `/*`. Block comments nest.
    fn skip_block_comment(&mut self) -> Option<Kind> {
        let mut depth = 1;
        while depth > 0 {
            match self.next()? {
                '*' if self.eat('/') => depth -= 1,
                '/' if self.eat('*') => depth += 1,
                _ => {}
            }
        }
        None
    }

    /// After the opening quote.
    fn skip_string(&mut self) -> Option<Kind> {
        loop {
            match self.next()? {
                '\\' => drop(self.next()),
                '"' => return None,
                _ => {}
            }
        }
    }

    /// After `r`, at `#` or the opening quote.
    fn skip_raw_string(&mut self) -> Option<Kind> {
        let mut hashes = 0;
        while self.eat('#') {
            hashes += 1;
        }
        self.eat('"');
        loop {
            self.skip_until('"');
            self.rest.peek()?;
            if (0..hashes).all(|_| self.eat('#')) {
                return None;
            }
        }
    }

    /// After `'`.
    fn skip_char_or_lifetime(&mut self) -> Option<Kind> {
        match self.next()? {
            '\\' => {
                self.next();
                self.skip_until('\'')
            }
            c => {
                if !self.eat('\'') {
                    self.take_word(c);
                }
                None
            }
        }
    }

    fn take_word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        while let Some(c) = self.rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
            word.push(c);
        }
        word
    }

    fn ident_or_prefixed_string(&mut self, first: char) -> Option<Kind> {
        let word = self.take_word(first);
        match (word.as_str(), self.rest.peek()) {
            ("r" | "br" | "cr", Some('"')) => self.skip_raw_string(),
            ("b" | "c", Some('"')) => {
                self.next();
                self.skip_string()
            }
            ("b", Some('\'')) => {
                self.next();
                self.skip_char_or_lifetime()
            }
            ("r" | "br" | "cr", Some('#')) => {
                let mut ahead = self.rest.clone();
                ahead.next();
                match ahead.peek() {
                    Some(c) if c.is_alphabetic() || *c == '_' => {
                        self.next();
                        let first = self.next()?;
                        Some(Kind::Ident(self.take_word(first)))
                    }
                    _ => self.skip_raw_string(),
                }
            }
            _ => Some(Kind::Ident(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, tokens};

    fn words(source: &str) -> Vec<String> {
        let word = |kind| match kind {
            Kind::Ident(word) => word,
            Kind::PathSep => "::".to_owned(),
            Kind::Sign(sign) => sign.to_string(),
        };
        tokens(source).into_iter().map(|token| word(token.kind)).collect()
    }

    #[test]
    fn comments_and_literals_leave_nothing() {
        let source = r####"
            a // b::c
            /* d /* e */ f */ g
            "h \" i" j r#"k " l"# m b"n" br##"o "# p"## q c"r"
            'x' '\'' '\u{41}' b'\\' s 1_000u64 0xff t
        "####;
        assert_eq!(words(source), ["a", "g", "j", "m", "q", "s", "t"]);
    }

    #[test]
    fn lifetimes_are_not_characters() {
        assert_eq!(
            words("fn f<'a>(x: &'a str, y: &'static T) {}").join(" "),
            "fn f < > ( x : & str , y : & T ) { }"
        );
    }

    #[test]
    fn paths_and_raw_identifiers_stay() {
        assert_eq!(words("crate::r#type::X").join(" "), "crate :: type :: X");
    }

    #[test]
    fn lines_are_counted_through_literals() {
        let tokens = tokens("a\n/*\n\n*/ b \"\n\" c");
        assert_eq!(tokens.iter().map(|token| token.line).collect::<Vec<_>>(), [1, 4, 5]);
    }
}
