//! `AWS::SecretsManager::Secret`, and the references by which CloudFormation writes its value into other resources.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{attributes, node::Node, resolve::Resolver, value::join};

pub(super) const KIND: &str = "AWS::SecretsManager::Secret";

/// A secret of the template.
pub(super) struct Secret {
    /// What `Ref` gives.
    pub(super) id: String,
    pub(super) value: String,
    /// True when nobody has given the value.
    pub(super) generated: bool,
}

/// Reads a secret. `kept` is the value that was generated for it before; a new one is made only when there is none.
pub(super) fn read(resolver: &Resolver<'_>, name: &str, definition: &Value, kept: Option<&String>) -> Result<Secret> {
    let path = format!("Resources.{name}.Properties");
    let properties = resolver.required(&definition["Properties"], &path)?;
    let node = Node { value: &properties, path, file: resolver.file };
    let id = attributes::reference(resolver, name, definition, &node.path)?;
    let (given, wanted) = (node.get("SecretString"), node.get("GenerateSecretString"));
    match (given.optional_text()?, wanted.exists()) {
        (Some(value), false) => Ok(Secret { id, value, generated: false }),
        (None, true) => {
            let alphabet = Alphabet::read(&wanted)?;
            let value = kept.cloned().map_or_else(|| alphabet.generate(), Ok)?;
            Ok(Secret { id, value, generated: true })
        }
        _ => bail!("{}: {} needs either SecretString or GenerateSecretString", node.file, node.path),
    }
}

const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Options of `GenerateSecretString`; the rest would make another value than is made here.
const KNOWN: [&str; 7] = [
    "ExcludeCharacters",
    "ExcludeLowercase",
    "ExcludeNumbers",
    "ExcludePunctuation",
    "ExcludeUppercase",
    "PasswordLength",
    "RequireEachIncludedType",
];

/// What a generated secret is made of.
struct Alphabet {
    length: usize,
    /// Characters by type.
    types: Vec<Vec<char>>,
    /// At least one of each type.
    each: bool,
}

impl Alphabet {
    fn read(node: &Node<'_>) -> Result<Self> {
        let entries = node.entries()?;
        if let Some((name, _)) = entries.iter().find(|(name, _)| !KNOWN.contains(&name.as_str())) {
            bail!("{}: {} has {name}, which the local cloud does not simulate", node.file, node.path);
        }
        let excluded = node.get("ExcludeCharacters").optional_text()?.unwrap_or_default();
        let mut types = Vec::new();
        for (option, characters) in [
            ("ExcludeUppercase", UPPERCASE),
            ("ExcludeLowercase", LOWERCASE),
            ("ExcludeNumbers", NUMBERS),
            ("ExcludePunctuation", PUNCTUATION),
        ] {
            if !node.get(option).flag(false)? {
                types.push(characters.chars().filter(|character| !excluded.contains(*character)).collect());
            }
        }
        let length = node.get("PasswordLength").optional_number()?.unwrap_or(32) as usize;
        let alphabet = Self { length, types, each: node.get("RequireEachIncludedType").flag(true)? };
        let empty = alphabet.types.iter().filter(|characters: &&Vec<char>| characters.is_empty()).count();
        let too_few = alphabet.types.len() == empty || (alphabet.each && (empty > 0 || length < alphabet.types.len()));
        if too_few || !(1..=4096).contains(&length) {
            bail!("{}: {} excludes so much that no secret can be made", node.file, node.path);
        }
        Ok(alphabet)
    }

    fn generate(&self) -> Result<String> {
        let all: Vec<char> = self.types.iter().flatten().copied().collect();
        loop {
            let characters = (0..self.length).map(|_| one_of(&all)).collect::<Result<Vec<char>>>()?;
            let of_each = self.types.iter().all(|kind| characters.iter().any(|character| kind.contains(character)));
            if of_each || !self.each {
                return Ok(characters.into_iter().collect());
            }
        }
    }
}

/// Each with the same probability: numbers beyond the last whole round of the alphabet are drawn again.
fn one_of(characters: &[char]) -> Result<char> {
    loop {
        let mut byte = [0_u8];
        getrandom::fill(&mut byte).context("The system gives no random numbers")?;
        let drawn = usize::from(byte[0]);
        if drawn < 256 - 256 % characters.len() {
            return Ok(characters[drawn % characters.len()]);
        }
    }
}

/// Writes secrets' values where `{{resolve:secretsmanager:…}}` stands in a resolved value.
pub(super) fn fill_in(resolver: &Resolver<'_>, value: Value, path: &str) -> Result<Value> {
    Ok(match value {
        Value::String(text) if text.contains(OPEN) => Value::String(fill_in_text(resolver, &text, path)?),
        Value::Array(items) => items
            .into_iter()
            .enumerate()
            .map(|(index, item)| fill_in(resolver, item, &format!("{path}[{index}]")))
            .collect::<Result<_>>()?,
        Value::Object(map) => {
            let mut filled = Map::new();
            for (key, value) in map {
                let value = fill_in(resolver, value, &join(path, &key))?;
                filled.insert(key, value);
            }
            Value::Object(filled)
        }
        other => other,
    })
}

const OPEN: &str = "{{resolve:";

fn fill_in_text(resolver: &Resolver<'_>, text: &str, path: &str) -> Result<String> {
    let (mut filled, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (reference, remainder) = after
            .split_once("}}")
            .with_context(|| format!("{}: {path} has a {OPEN} without its }}}}", resolver.file))?;
        filled.push_str(before);
        filled.push_str(&resolve(resolver, reference, path)?);
        rest = remainder;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// `secretsmanager:ID`, `secretsmanager:ID:SecretString` or `secretsmanager:ID:SecretString:KEY`, where an id may hold colons.
fn resolve(resolver: &Resolver<'_>, reference: &str, path: &str) -> Result<String> {
    let file = resolver.file;
    let Some(rest) = reference.strip_prefix("secretsmanager:") else {
        let service = reference.split(':').next().unwrap_or_default();
        bail!("{file}: {path} uses {OPEN}{service}, which the local cloud does not know")
    };
    let found = resolver.secrets.iter().find_map(|(id, value)| {
        let rest = rest.strip_prefix(id.as_str())?;
        (rest.is_empty() || rest.starts_with(':')).then_some((value, rest))
    });
    let (value, rest) =
        found.with_context(|| format!("{file}: {path} refers to {rest}, which is not a secret of the template"))?;
    match rest.split(':').skip(1).collect::<Vec<_>>().as_slice() {
        [] | ["SecretString"] => Ok(value.clone()),
        ["SecretString", key] if !key.is_empty() => {
            let values: Option<Value> = serde_json::from_str(value).ok();
            let value = values.as_ref().and_then(|values| values[*key].as_str());
            value.map(str::to_owned).with_context(|| {
                format!("{file}: {path} wants the key {key} of a secret that is no JSON object with such a text")
            })
        }
        _ => bail!("{file}: {path} refers to a secret by {rest}, which the local cloud does not know"),
    }
}
