//! Embeds the built console. Where there is none, a page stands in that says how to build it;
//! `ANC_CONSOLE=require` makes that an error, for builds that people are to use.

#![expect(clippy::expect_used, reason = "a build script reports its failures by panicking")]

use std::path::{Path, PathBuf};
use std::{env, fs};

const STAND_IN: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
<title>ANC Relay</title></head><body><h1>The console is not built in</h1>\
<p>This binary was built without its web console. The APIs under <code>/v1</code> and \
<code>/api/v1</code> work, and so does the command line.</p>\
<p>To have the console, install Node 20 or newer and run <code>make run</code>.</p></body></html>\n";

fn main() {
    println!("cargo:rerun-if-env-changed=ANC_CONSOLE");
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let dist = manifest.join("../../console/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    let directory = if dist.join("index.html").is_file() {
        dist.canonicalize().expect("it was just seen")
    } else {
        assert!(
            env::var("ANC_CONSOLE").as_deref() != Ok("require"),
            "console/dist is missing: run `npm ci && npm run build` in console/"
        );
        stand_in()
    };
    memory_serve::load_directory(directory.to_str().expect("a path in UTF-8"));
}

fn stand_in() -> PathBuf {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo")).join("stand-in");
    fs::create_dir_all(&out).expect("the output directory can be written");
    write_if_changed(&out.join("index.html"), STAND_IN);
    out
}

fn write_if_changed(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(path, text).expect("the output directory can be written");
}
