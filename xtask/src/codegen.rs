//! `codegen`: the generated code of the SDKs and the reference, from the protos.
//!
//! All is checked in; `--check` fails when a file is stale, and changes nothing.

use std::fs;
use std::path::Path;

use crate::sdk::{self, Context};
use crate::{Result, reference};

/// How the reference is named beside the SDKs.
const REFERENCE: &str = "reference";

/// Writes the generated code of the SDKs of these names, and the reference where it
/// is one of the names; or all. With `check` it is only compared.
pub(crate) fn run(context: &Context<'_>, wanted: &[&str], check: bool) -> Result {
    let sdks: Vec<_> = wanted.iter().copied().filter(|&name| name != REFERENCE).collect();
    let mut stale = Vec::new();
    if wanted.is_empty() || sdks.len() < wanted.len() {
        stale.extend(reference(context.root, check)?);
    }
    if wanted.is_empty() || !sdks.is_empty() {
        stale.extend(sdk::codegen(context, &sdks, check)?);
    }
    if stale.is_empty() {
        println!("codegen: the generated files are fresh");
    } else if check {
        return Err(format!("stale: {}; run `cargo xtask codegen`", stale.join(", ")).into());
    } else {
        println!("codegen: wrote {}", stale.join(", "));
    }
    Ok(())
}

/// Writes the reference where it is stale, unless only to `check`, and answers it.
fn reference(root: &Path, check: bool) -> Result<Option<String>> {
    let (path, page) = (root.join(reference::PAGE), reference::page(root)?);
    if fs::read(&path).ok().as_deref() == Some(page.as_bytes()) {
        return Ok(None);
    }
    if !check {
        fs::write(path, page)?;
    }
    Ok(Some(reference::PAGE.to_owned()))
}
