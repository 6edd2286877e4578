//! Cuts a dot-command into words, with quotes for names that hold spaces.

/// The words of a line. A quote that has no end runs to the end of the line.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = line.trim().trim_end_matches(';').chars().peekable();
    while let Some(&first) = chars.peek() {
        if first.is_whitespace() {
            chars.next();
            continue;
        }
        let mut word = String::new();
        if first == '\'' || first == '"' {
            chars.next();
            while let Some(c) = chars.next() {
                // A quote that stands twice is one of the word.
                if c == first && chars.next_if_eq(&first).is_none() {
                    break;
                }
                word.push(c);
            }
        } else {
            while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                word.push(c);
            }
        }
        words.push(word);
    }
    words
}

/// A name as SQL always understands it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_at_spaces_outside_of_quotes() {
        for (line, expected) in [
            ("", &[] as &[&str]),
            (" .tables ;", &[".tables"]),
            (".import  a.csv t", &[".import", "a.csv", "t"]),
            (".import 'my file.csv' \"t\"\"x\"", &[".import", "my file.csv", "t\"x"]),
            (".import --null '' a t", &[".import", "--null", "", "a", "t"]),
            (".read 'open end", &[".read", "open end"]),
        ] {
            assert_eq!(words(line), expected, "{line}");
        }
    }

    #[test]
    fn every_name_can_be_quoted() {
        assert_eq!(quoted("a \"b\""), "\"a \"\"b\"\"\"");
    }
}
