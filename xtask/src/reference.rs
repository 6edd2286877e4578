//! The reference of the protos, as a page: what their comments say of each call,
//! message and field. Nothing is said here that a proto does not say.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto,
    FileDescriptorSet, ServiceDescriptorProto,
};
use protox::Compiler;

use crate::Result;

/// Where the page is.
pub(crate) const PAGE: &str = "docs/reference.md";
/// Where the protos are, from the root and from there.
const PROTO_DIR: &str = "proto";
const PACKAGE_DIR: &str = "tenantry/v1";
/// The files, in the order in which they are read.
const FILES: [&str; 6] = [
    "databases.proto",
    "query.proto",
    "schema.proto",
    "tokens.proto",
    "types.proto",
    "errors.proto",
];

const HEAD: &str = "\
<!-- Made from proto/tenantry/v1 by `cargo xtask codegen`: change the comments there. -->

# Reference

Every call of Tenantry, package `tenantry.v1`, with its messages, as the comments of
[`proto/tenantry/v1`](../proto/tenantry/v1) tell. [grpcurl.md](grpcurl.md) has an example
of each call that the server has.
";

/// Makes the page from the protos below `root`.
pub(crate) fn page(root: &Path) -> Result<String> {
    let dir = root.join(PROTO_DIR);
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir.join(PACKAGE_DIR))? {
        found.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    if !found.iter().eq(BTreeSet::from(FILES)) {
        return Err("xtask/src/reference.rs does not list the protos that there are".into());
    }
    let files = FILES.map(|file| format!("{PACKAGE_DIR}/{file}"));
    let set = Compiler::new([dir])?
        .include_source_info(true)
        .include_imports(false)
        .open_files(files)?
        .file_descriptor_set();
    render(&set)
}

fn render(set: &FileDescriptorSet) -> Result<String> {
    let mut page = String::from(HEAD);
    for service in set.file.iter().flat_map(|file| &file.service) {
        let name = service.name();
        let calls = service.method.iter().map(|method| link(&format!("{name}/{}", method.name())));
        write!(page, "\n- {}: {}", link(name), calls.collect::<Vec<_>>().join(", "))?;
    }
    page.push('\n');
    for file in &set.file {
        Writer { file, page: &mut page }.file()?;
    }
    Ok(page)
}

/// Places in a file, as `google/protobuf/descriptor.proto` numbers them.
mod place {
    pub(super) const SYNTAX: i32 = 12;
    pub(super) const MESSAGE: i32 = 4;
    pub(super) const ENUM: i32 = 5;
    pub(super) const SERVICE: i32 = 6;
    /// In a message, its fields; in an enum, its values; in a service, its methods.
    pub(super) const PARTS: i32 = 2;
    pub(super) const ONEOF: i32 = 8;
}

/// Writes the part of one file.
struct Writer<'a> {
    file: &'a FileDescriptorProto,
    page: &'a mut String,
}

impl Writer<'_> {
    fn file(&mut self) -> Result {
        let comment = self.comment(&[place::SYNTAX]);
        let (title, rest) = comment.split_once('\n').unwrap_or((&comment, ""));
        write!(self.page, "\n## {}\n", title.trim_end_matches('.'))?;
        self.text("", rest.trim_start_matches('\n'))?;
        for (index, service) in (0..).zip(&self.file.service) {
            self.service(&[place::SERVICE, index], service)?;
        }
        for (index, message) in (0..).zip(&self.file.message_type) {
            self.message(&[place::MESSAGE, index], message)?;
        }
        for (index, kind) in (0..).zip(&self.file.enum_type) {
            self.enumeration(&[place::ENUM, index], kind)?;
        }
        Ok(())
    }

    fn service(&mut self, path: &[i32], service: &ServiceDescriptorProto) -> Result {
        write!(self.page, "\n### {}\n", service.name())?;
        self.text("", &self.comment(path))?;
        for (index, method) in (0..).zip(&service.method) {
            let stream = |streams| if streams { "stream of " } else { "" };
            write!(
                self.page,
                "\n### {}/{}\n\n{}{} → {}{}\n",
                service.name(),
                method.name(),
                stream(method.client_streaming()),
                reference(method.input_type()),
                stream(method.server_streaming()),
                reference(method.output_type()),
            )?;
            self.text("", &self.comment(&[path, &[place::PARTS, index]].concat()))?;
        }
        Ok(())
    }

    fn message(&mut self, path: &[i32], message: &DescriptorProto) -> Result {
        let name = message.name();
        let is_map =
            |nested: &DescriptorProto| nested.options.as_ref().is_some_and(|o| o.map_entry());
        if !message.enum_type.is_empty() || !message.nested_type.iter().all(is_map) {
            return Err(format!("{name} declares types inside: the reference shows none").into());
        }
        write!(self.page, "\n### {name}\n")?;
        self.text("", &self.comment(path))?;
        let mut choice = None;
        for (index, field) in (0..).zip(&message.field) {
            let own = field.oneof_index.filter(|_| !field.proto3_optional());
            if own != choice {
                choice = own;
                if let Some(oneof) = own {
                    let declared = message.oneof_decl.get(usize::try_from(oneof)?);
                    let name = declared.map(|oneof| oneof.name()).unwrap_or_default();
                    write!(self.page, "\n- One of `{name}`:\n")?;
                    self.text("  ", &self.comment(&[path, &[place::ONEOF, oneof]].concat()))?;
                }
            }
            let indent = if own.is_some() { "  " } else { "" };
            let (kind, number) = (kind(message, field)?, field.number());
            write!(self.page, "\n{indent}- `{}` = {number}: {kind}\n", field.name())?;
            let comment = self.comment(&[path, &[place::PARTS, index]].concat());
            self.text(&format!("{indent}  "), &comment)?;
        }
        Ok(())
    }

    fn enumeration(&mut self, path: &[i32], kind: &EnumDescriptorProto) -> Result {
        write!(self.page, "\n### {}\n", kind.name())?;
        self.text("", &self.comment(path))?;
        for (index, value) in (0..).zip(&kind.value) {
            write!(self.page, "\n- `{}` = {}\n", value.name(), value.number())?;
            self.text("  ", &self.comment(&[path, &[place::PARTS, index]].concat()))?;
        }
        Ok(())
    }

    /// A paragraph or several, behind an empty line.
    fn text(&mut self, indent: &str, text: &str) -> fmt::Result {
        if !text.is_empty() {
            self.page.push('\n');
        }
        for line in text.lines() {
            let indent = if line.is_empty() { "" } else { indent };
            writeln!(self.page, "{indent}{line}")?;
        }
        Ok(())
    }

    /// The comment before a place; empty where there is none.
    fn comment(&self, path: &[i32]) -> String {
        let mut places = self.file.source_code_info.iter().flat_map(|info| &info.location);
        let comment = places.find(|place| place.path == path).map(|place| place.leading_comments());
        let lines = comment.unwrap_or_default().trim_end().lines();
        let lines: Vec<_> =
            lines.map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect();
        lines.join("\n")
    }
}

/// A link to the part of the page with this head.
fn link(head: &str) -> String {
    let anchor = head.to_lowercase().replace('/', "");
    let text = head.rsplit('/').next().unwrap_or(head);
    format!("[{text}](#{anchor})")
}

/// A type by its full name: a link where it is one of ours.
fn reference(full_name: &str) -> String {
    let full_name = full_name.trim_start_matches('.');
    match full_name.strip_prefix("tenantry.v1.") {
        Some(name) => link(name),
        None => format!("`{full_name}`"),
    }
}

/// The type of a field, for people.
fn kind(message: &DescriptorProto, field: &FieldDescriptorProto) -> Result<String> {
    let one = match field.r#type() {
        Type::Message | Type::Enum => {
            let nested = |entry: &&DescriptorProto| {
                field.type_name().ends_with(&format!(".{}.{}", message.name(), entry.name()))
            };
            if let Some(entry) = message.nested_type.iter().find(nested) {
                let [key, value] = entry.field.as_slice() else {
                    return Err(format!("{} is no map", field.name()).into());
                };
                return Ok(format!("map of {} to {}", kind(entry, key)?, kind(entry, value)?));
            }
            reference(field.type_name())
        }
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    Ok(match field.label() {
        Label::Repeated => format!("list of {one}"),
        Label::Optional if field.proto3_optional() => format!("optional {one}"),
        Label::Optional | Label::Required => one,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTO: &str = r#"
// Cups: what they hold.
//
// Wash them.
syntax = "proto3";
package tenantry.v1;

// Fills cups.
service CupsService {
  // Pours. Also:
  // SPILT.
  rpc Pour(stream PourRequest) returns (google.protobuf.Empty);
}

import "google/protobuf/empty.proto";

// What to pour.
message PourRequest {
  // How much.
  optional int64 drops = 1;
  // Of what.
  oneof what {
    // Tea.
    //
    //     hot
    Kind tea = 2;
    string other = 3;
  }
  // Names.
  map<string, Kind> names = 4;
  repeated PourRequest more = 5;
}

// Which.
enum Kind {
  // Any.
  KIND_UNSPECIFIED = 0;
}
"#;

    const EXPECTED: &str = r"
- [CupsService](#cupsservice): [Pour](#cupsservicepour)

## Cups: what they hold

Wash them.

### CupsService

Fills cups.

### CupsService/Pour

stream of [PourRequest](#pourrequest) → `google.protobuf.Empty`

Pours. Also:
SPILT.

### PourRequest

What to pour.

- `drops` = 1: optional int64

  How much.

- One of `what`:

  Of what.

  - `tea` = 2: [Kind](#kind)

    Tea.

        hot

  - `other` = 3: string

- `names` = 4: map of string to [Kind](#kind)

  Names.

- `more` = 5: list of [PourRequest](#pourrequest)

### Kind

Which.

- `KIND_UNSPECIFIED` = 0

  Any.
";

    #[test]
    fn comments_become_a_page() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("cups.proto"), PROTO).unwrap();
        let mut compiler = Compiler::new([dir.path()]).unwrap();
        compiler.include_source_info(true).include_imports(false);
        let set = compiler.open_file("cups.proto").unwrap().file_descriptor_set();
        let page = render(&set).unwrap();
        assert_eq!(page.strip_prefix(HEAD), Some(EXPECTED));
    }
}
