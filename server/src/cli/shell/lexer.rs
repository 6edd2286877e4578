//! Cuts SQL text into tokens, as far as a shell needs to understand it.
//!
//! It never judges SQL: the server does. It must only agree with SQLite on where
//! quotes and comments end.

/// What a token is. Space and comments are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A keyword, a name or a number.
    Word,
    /// A text, or a name in quotes.
    Quoted,
    /// `;`
    Semicolon,
    /// `(`
    Open,
    /// `)`
    Close,
    /// Any other character.
    Other,
    /// A quote or a comment that has no end yet.
    Unfinished,
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// The byte after it.
    pub(super) end: usize,
}

impl Token<'_> {
    /// Whether it is this keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// The name or text that it stands for.
    pub(super) fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_owned()),
            Kind::Quoted => {
                let quote = self.text.chars().next()?;
                let inner = self.text.get(1..self.text.len() - 1)?;
                let is_bracket = quote == '[';
                Some(if is_bracket { inner.to_owned() } else { undouble(inner, quote) })
            }
            Kind::Semicolon | Kind::Open | Kind::Close | Kind::Other | Kind::Unfinished => None,
        }
    }
}

/// The tokens of a text.
pub(super) struct Tokens<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    fn token(&mut self, kind: Kind, length: usize) -> Option<Token<'a>> {
        let start = self.position;
        self.position += length;
        Some(Token { kind, text: &self.text[start..self.position], end: self.position })
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.position..];
            let first = rest.chars().next()?;
            match first {
                _ if first.is_ascii_whitespace() => self.position += 1,
                '-' if rest.starts_with("--") => {
                    self.position += rest.find('\n').unwrap_or(rest.len());
                }
                '/' if rest.starts_with("/*") => match closed(first, &rest[2..]) {
                    Some(length) => self.position += length + 2,
                    None => return self.token(Kind::Unfinished, rest.len()),
                },
                '\'' | '"' | '`' | '[' => {
                    return match closed(first, &rest[1..]) {
                        Some(length) => self.token(Kind::Quoted, length + 1),
                        None => self.token(Kind::Unfinished, rest.len()),
                    };
                }
                ';' => return self.token(Kind::Semicolon, 1),
                '(' => return self.token(Kind::Open, 1),
                ')' => return self.token(Kind::Close, 1),
                _ if is_word(first) => {
                    let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                    return self.token(Kind::Word, length);
                }
                _ => return self.token(Kind::Other, first.len_utf8()),
            }
        }
    }
}

/// The place behind the end of the quote or comment that this character has opened
/// before the text. A quote is part of the text when it stands twice.
pub(super) fn closed(opener: char, text: &str) -> Option<usize> {
    match opener {
        '/' => return text.find("*/").map(|end| end + 2),
        '[' => return text.find(']').map(|end| end + 1),
        _ => {}
    }
    let mut end = 0;
    loop {
        end += text[end..].find(opener)? + 1;
        if !text[end..].starts_with(opener) {
            return Some(end);
        }
        end += 1;
    }
}

fn undouble(inner: &str, quote: char) -> String {
    inner.replace(&format!("{quote}{quote}"), &quote.to_string())
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}
