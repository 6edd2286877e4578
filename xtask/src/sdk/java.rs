//! The SDK for Java, built by Maven.
//!
//! What is downloaded comes through Maven too: its artifacts hold protoc, the plugin
//! for the stubs, and the formatter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Context, PROTOS, Sdk};
use crate::process::{output, run};
use crate::{Result, tools};

pub(super) const SDK: Sdk = Sdk {
    name: "java",
    toolchain: &[("javac", "--version"), ("mvn", "--version")],
    gen_dir: "sdk/java/src/gen/java",
    generate,
    lint,
    test: |context| super::run_suite(mvn(context).arg("test")),
    package: |context| run(mvn(context).args(["package", "-DskipTests"])),
    bench,
};

/// Where the package is, from the root.
const DIR: &str = "sdk/java";
/// Both as in the POM: generated code and what it runs on belong together.
const GRPC_VERSION: &str = "1.82.0";
const PROTOC_VERSION: &str = "3.25.8";
const FORMATTER_VERSION: &str = "1.28.0";
/// The parts of javac that the formatter reads sources with.
const FORMATTER_EXPORTS: [&str; 6] = ["api", "code", "file", "parser", "tree", "util"];

/// Maven in the package, which prints what fails and what the tests print. Without
/// colours it would still reset them at its end.
fn mvn(context: &Context<'_>) -> Command {
    let mut mvn = context.command("mvn", DIR);
    mvn.args(["-B", "-ntp", "-q", "-Dstyle.color=never"])
        .env("MAVEN_OPTS", "-Xmx512m -Djansi.noreset=true");
    mvn
}

fn generate(context: &Context<'_>, out: &Path) -> Result {
    let plugins = vec![
        tool(context, "protoc", "com.google.protobuf", PROTOC_VERSION)?,
        tool(context, "protoc-gen-grpc-java", "io.grpc", GRPC_VERSION)?,
    ];
    context.buf_generate(SDK.name, plugins, &PROTOS, out)
}

/// The directory of a program of the build that Maven Central has for this platform.
fn tool(context: &Context<'_>, name: &str, group: &str, version: &str) -> Result<PathBuf> {
    let os = match std::env::consts::OS {
        "macos" => "osx",
        other => other,
    };
    let arch = match std::env::consts::ARCH {
        "aarch64" => "aarch_64",
        other => other,
    };
    tools::install(context.root, &format!("{name}-{version}"), |dir| {
        copy(context, &format!("{group}:{name}:{version}:exe:{os}-{arch}"), dir)?;
        let copied = dir.join(format!("{name}.exe"));
        make_executable(&copied)?;
        Ok(fs::rename(&copied, tools::program(dir, name))?)
    })
}

/// Copies an artifact into a directory, under its name alone.
fn copy(context: &Context<'_>, artifact: &str, dir: &Path) -> Result {
    let into = format!("-DoutputDirectory={}", dir.display());
    let short = ["-Dmdep.stripVersion=true", "-Dmdep.stripClassifier=true"];
    let mut mvn = mvn(context);
    mvn.arg("dependency:copy").arg(format!("-Dartifact={artifact}")).arg(into).args(short);
    output(&mut mvn).map(drop)
}

#[cfg(unix)]
fn make_executable(program: &Path) -> Result {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(program, fs::Permissions::from_mode(0o755))?)
}

#[cfg(not(unix))]
fn make_executable(_program: &Path) -> Result {
    Ok(())
}

/// The formatter, then the compiler with all its lints, for which warnings are errors.
fn lint(context: &Context<'_>) -> Result {
    let name = "google-java-format";
    let artifact = format!("com.google.googlejavaformat:{name}:{FORMATTER_VERSION}:jar:all-deps");
    let dir = tools::install(context.root, &format!("{name}-{FORMATTER_VERSION}"), |dir| {
        copy(context, &artifact, dir)
    })?;
    let mut sources = Vec::new();
    for dir in ["sdk/java/src/main", "sdk/java/src/test", "examples/shop/java"] {
        find_sources(&context.root.join(dir), &mut sources)?;
    }
    let mut java = context.command("java", DIR);
    java.arg("-Xmx512m");
    for part in FORMATTER_EXPORTS {
        java.args([
            "--add-exports",
            &format!("jdk.compiler/com.sun.tools.javac.{part}=ALL-UNNAMED"),
        ]);
    }
    java.arg("-jar")
        .arg(dir.join(format!("{name}.jar")))
        .args(["--dry-run", "--set-exit-if-changed"]);
    run(java.args(sources))?;
    run(mvn(context).arg("test-compile"))
}

/// All `.java` files below a directory.
fn find_sources(dir: &Path, sources: &mut Vec<PathBuf>) -> Result {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find_sources(&path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "java") {
            sources.push(path);
        }
    }
    Ok(())
}

fn bench(context: &Context<'_>) -> Result {
    let main = "-Dexec.mainClass=dev.tenantry.bench.Bench";
    run(mvn(context).args(["test-compile", "exec:java", "-Dexec.classpathScope=test", main]))
}
