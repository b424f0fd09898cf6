//! Turns each language's sentences into Rust, so that a page that says what there is no sentence for does not compile.

use std::{env, error::Error, fmt::Write as _, fs, path::Path};

use toml::{Table, Value};

/// The language that decides which sentences there are.
const FIRST: &str = "en";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={FIRST}.toml");
    let pages: Table = fs::read_to_string(format!("{FIRST}.toml"))?.parse()?;
    let (mut whole, mut types, mut values) = (String::new(), String::new(), String::new());
    for (page, sentences) in &pages {
        let name = camel(page);
        let sentences = sentences.as_table().ok_or_else(|| format!("{page} is no table"))?;
        writeln!(whole, "{page}: {name},")?;
        writeln!(values, "{page}: {name} {{")?;
        let (mut fields, mut methods) = (String::new(), String::new());
        for (key, sentence) in sentences {
            let Value::String(sentence) = sentence else { return Err(format!("{page}.{key} is no text").into()) };
            let names = places(sentence);
            let visible = if names.is_empty() { "pub " } else { "" };
            writeln!(fields, "/// {}\n{visible}{key}: &'static str,", sentence.replace('\n', " "))?;
            writeln!(values, "{key}: {sentence:?},")?;
            if !names.is_empty() {
                methods.push_str(&method(key, sentence, &names)?);
            }
        }
        writeln!(types, "/// What is said of `{page}`.\n#[derive(Debug)]\npub struct {name} {{\n{fields}}}")?;
        writeln!(
            types,
            "/// What is said of `{page}`.\n#[must_use]\npub fn {page}() -> &'static {name} {{\n&said().{page}\n}}"
        )?;
        if !methods.is_empty() {
            writeln!(types, "impl {name} {{\n{methods}}}")?;
        }
        writeln!(values, "}},")?;
    }
    let code = format!(
        "/// All sentences of a language.\n#[derive(Debug)]\nstruct Words {{\n{whole}}}\n{types}\n\
         static {}: Words = Words {{\n{values}}};\n",
        FIRST.to_uppercase()
    );
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("words.rs"), code)?)
}

/// A sentence with its values.
fn method(key: &str, sentence: &str, names: &[&str]) -> Result<String, std::fmt::Error> {
    let mut code = format!("/// {}\n#[must_use]\npub fn {key}(&self", sentence.replace('\n', " "));
    for name in names {
        write!(code, ", {name}: impl std::fmt::Display")?;
    }
    write!(code, ") -> String {{\nfilled(self.{key}, &[")?;
    for name in names {
        write!(code, "(\"{name}\", &{name}),")?;
    }
    writeln!(code, "])\n}}")?;
    Ok(code)
}

/// Names of the values in a sentence, each once. `{}` is a place that a script of the page fills.
fn places(sentence: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for piece in sentence.split('{').skip(1) {
        if let Some((name, _)) = piece.split_once('}')
            && !name.is_empty()
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// `what_is_said` as `WhatIsSaid`.
fn camel(name: &str) -> String {
    let upper =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    name.split('_').map(upper).collect()
}
