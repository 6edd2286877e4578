//! The SDK for Java, built by Maven.
//!
//! What is downloaded comes through Maven too: its artifacts hold protoc, the plugin
//! for the stubs, and the formatter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Context, Sdk};
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
    let Some(buf) = tools::buf(context.root)? else {
        return Err("buf cannot be installed without Python or npm".into());
    };
    let plugin = format!("protoc-gen-grpc-java:{GRPC_VERSION}");
    let protoc = tool(context, "protoc", &format!("com.google.protobuf:protoc:{PROTOC_VERSION}"))?;
    let plugin = tool(context, "protoc-gen-grpc-java", &format!("io.grpc:{plugin}"))?;
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let dirs = [&protoc, &plugin].into_iter().filter_map(|program| program.parent());
    let dirs = dirs.map(Path::to_owned).chain(std::env::split_paths(&inherited));
    let generate = ["generate", "proto", "--path", "proto/tenantry", "--template"];
    let mut buf = Command::new(buf);
    buf.current_dir(context.root).env("PATH", std::env::join_paths(dirs)?);
    run(buf.args(generate).arg(format!("{DIR}/buf.gen.yaml")).arg("--output").arg(out))
}

/// A program of the build that Maven Central has for this platform, by its name and
/// its coordinates.
fn tool(context: &Context<'_>, name: &str, coordinates: &str) -> Result<PathBuf> {
    let os = match std::env::consts::OS {
        "macos" => "osx",
        other => other,
    };
    let arch = match std::env::consts::ARCH {
        "aarch64" => "aarch_64",
        other => other,
    };
    let version = coordinates.rsplit(':').next().unwrap_or_default();
    let dir = context.root.join(format!("target/tools/{name}-{version}"));
    let program = dir.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    if !program.exists() {
        println!("installing {name}-{version}");
        let copied = dir.join(format!("{name}.exe"));
        copy(context, &format!("{coordinates}:exe:{os}-{arch}"), &dir)?;
        make_executable(&copied)?;
        fs::rename(&copied, &program)?;
    }
    Ok(program)
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
    let dir = context.root.join(format!("target/tools/{name}-{FORMATTER_VERSION}"));
    let formatter = dir.join(format!("{name}.jar"));
    if !formatter.exists() {
        println!("installing {name}-{FORMATTER_VERSION}");
        let artifact = format!("com.google.googlejavaformat:{name}:{FORMATTER_VERSION}");
        copy(context, &format!("{artifact}:jar:all-deps"), &dir)?;
    }
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
    java.arg("-jar").arg(formatter).args(["--dry-run", "--set-exit-if-changed"]);
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
