//! Finds what a file of the crate uses: other modules, and other crates.

use super::tokens::{Kind, Token, tokens};

/// Something that is used, and on which line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) line: usize,
    pub(super) target: Target,
}

/// What is used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A top-level module of this crate.
    Module(String),
    /// Everything in the root of this crate, by `*`.
    EveryModule,
    /// What is most often another crate: the first name of any other path.
    Crate(String),
}

/// How the binary names the library of its own package.
const OWN_LIBRARY: &str = "tenantry";

/// The top-level module that a file belongs to, `main` and `lib` for the roots.
pub(super) fn top_module(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or(file);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Everything that `source` uses, in the order of the text. `modules` are the
/// known top-level modules.
pub(super) fn uses(file: &str, source: &str, modules: &[&str]) -> Vec<Use> {
    let tokens = tokens(source);
    let mut reader = Reader { modules, module: module_path(file), depths: Vec::new(), depth: 0 };
    let mut uses = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let mut paths = Vec::new();
        let next = reader.read(&tokens, at, &mut paths);
        for (line, path) in paths {
            uses.extend(reader.resolve(&path).map(|target| Use { line, target }));
        }
        at = next;
    }
    uses
}

/// The module that a file is, from the root of the crate.
fn module_path(file: &str) -> Vec<String> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "main" | "lib" => Vec::new(),
        _ => path.split('/').map(str::to_owned).collect(),
    }
}

/// A path as written, with an empty first name when it starts with `::`, and
/// the line it starts on.
type Written = (usize, Vec<String>);

struct Reader<'a> {
    modules: &'a [&'a str],
    /// The module that the text is in now, inline ones included.
    module: Vec<String>,
    /// The brace depths inside which the inline modules are.
    depths: Vec<usize>,
    depth: usize,
}

impl Reader<'_> {
    /// Reads what starts at `at`, and returns where to go on.
    fn read(&mut self, tokens: &[Token], at: usize, paths: &mut Vec<Written>) -> usize {
        let sign = |at: usize, sign| is(tokens, at, &Kind::Sign(sign));
        match &tokens[at].kind {
            Kind::Sign('{') => self.depth += 1,
            Kind::Sign('}') => {
                self.depth = self.depth.saturating_sub(1);
                if self.depths.last() == Some(&self.depth) {
                    self.depths.pop();
                    self.module.pop();
                }
            }
            Kind::Ident(word) if word == "mod" && sign(at + 2, '{') => {
                self.module.extend(ident(tokens, at + 1).map(str::to_owned));
                self.depths.push(self.depth);
                self.depth += 1;
                return at + 3;
            }
            // Not `impl Trait + use<'a>`.
            Kind::Ident(word) if word == "use" && !sign(at + 1, '<') => {
                return read_use_tree(tokens, at + 1, Vec::new(), paths);
            }
            Kind::Ident(_) if is(tokens, at + 1, &Kind::PathSep) => {
                return read_path(tokens, at, paths);
            }
            _ => {}
        }
        at + 1
    }

    /// What a path leads to; `None` when that is inside this module.
    fn resolve(&self, path: &[String]) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        let absolute: Vec<&str> = match first.as_str() {
            "" => return rest.first().cloned().map(Target::Crate),
            "crate" => rest.iter().map(String::as_str).collect(),
            "self" | "super" => {
                let supers = path.iter().take_while(|name| *name == "self" || *name == "super");
                let names = path.iter().skip(supers.clone().count());
                let up = supers.filter(|name| *name == "super").count();
                let kept = self.module.len().saturating_sub(up);
                self.module[..kept].iter().chain(names).map(String::as_str).collect()
            }
            OWN_LIBRARY => rest.iter().map(String::as_str).collect(),
            name if self.module.is_empty() && self.modules.contains(&name) => vec![name],
            _ => return Some(Target::Crate(first.clone())),
        };
        match *absolute.first()? {
            "*" => Some(Target::EveryModule),
            name => Some(Target::Module(name.to_owned())),
        }
    }
}

/// Reads a path outside of `use`: its names up to the first generic argument.
fn read_path(tokens: &[Token], start: usize, paths: &mut Vec<Written>) -> usize {
    let follows = |kind| start > 1 && tokens[start - 2].kind == kind;
    let mut path = Vec::new();
    if start > 0 && is(tokens, start - 1, &Kind::PathSep) {
        path.push(String::new());
    }
    let mut at = start;
    while let Some(name) = ident(tokens, at) {
        path.push(name.to_owned());
        at += 1;
        if !is(tokens, at, &Kind::PathSep) {
            break;
        }
        at += 1;
    }
    // The rest of `<T>::name` and `x::<T>::name` leads nowhere by itself.
    let is_rest = path[0].is_empty() && follows(Kind::Sign('>'));
    // A macro of the crate has no module: `crate::name!`.
    let is_macro = path.len() == 2 && path[0] == "crate" && is(tokens, at, &Kind::Sign('!'));
    if !is_rest && !is_macro {
        paths.push((tokens[start].line, path));
    }
    at
}

/// Reads a `use` tree after `prefix`, and returns where its end sign stands.
fn read_use_tree(
    tokens: &[Token],
    start: usize,
    mut path: Vec<String>,
    paths: &mut Vec<Written>,
) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match &token.kind {
            Kind::Ident(word) if word == "as" => {
                at += 2;
                continue;
            }
            Kind::Ident(name) => path.push(name.clone()),
            Kind::PathSep if path.is_empty() => path.push(String::new()),
            Kind::PathSep => {}
            Kind::Sign('*') => path.push("*".to_owned()),
            Kind::Sign('{') => {
                at += 1;
                while at < tokens.len() && !is(tokens, at, &Kind::Sign('}')) {
                    at = read_use_tree(tokens, at, path.clone(), paths);
                    at += usize::from(is(tokens, at, &Kind::Sign(',')));
                }
                return at + 1;
            }
            Kind::Sign(_) => break,
        }
        at += 1;
    }
    let line = tokens.get(start).map_or(0, |token| token.line);
    paths.push((line, path));
    at
}

fn is(tokens: &[Token], at: usize, kind: &Kind) -> bool {
    tokens.get(at).is_some_and(|token| token.kind == *kind)
}

fn ident(tokens: &[Token], at: usize) -> Option<&str> {
    match &tokens.get(at)?.kind {
        Kind::Ident(name) => Some(name),
        _ => None,
    }
}
