//! CloudFormation's intrinsic functions. What is not known is refused by name and place, never guessed.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::{attributes, value::join};

/// Resolves values of one template.
pub(super) struct Resolver<'a> {
    pub(super) template: &'a Value,
    pub(super) parameters: BTreeMap<String, Value>,
    pub(super) file: &'a str,
    pub(super) api_endpoint: &'a str,
    /// Values of the template's secrets, by what `Ref` gives for them.
    pub(super) secrets: BTreeMap<String, String>,
}

/// Deeper than any real template; stops conditions and references that go round in circles.
const MAX_DEPTH: usize = 64;

impl Resolver<'_> {
    /// The value without function calls; `None` where it is `AWS::NoValue`.
    pub(super) fn resolve(&self, value: &Value, path: &str) -> Result<Option<Value>> {
        match value {
            Value::Array(items) => {
                let mut resolved = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    resolved.extend(self.resolve(item, &format!("{path}[{index}]"))?);
                }
                Ok(Some(Value::Array(resolved)))
            }
            Value::Object(map) => {
                let call = map.iter().find(|(key, _)| *key == "Ref" || key.starts_with("Fn::"));
                match call {
                    Some((name, argument)) if map.len() == 1 => self.call(name, argument, path),
                    Some((name, _)) => bail!("{}: {path} has other keys beside {name}", self.file),
                    None => self.map(map, path).map(Some),
                }
            }
            scalar => Ok(Some(scalar.clone())),
        }
    }

    /// Like [`Self::resolve`], for places that must hold a value.
    pub(super) fn required(&self, value: &Value, path: &str) -> Result<Value> {
        self.resolve(value, path)?.with_context(|| format!("{}: {path} needs a value, not AWS::NoValue", self.file))
    }

    fn map(&self, map: &Map<String, Value>, path: &str) -> Result<Value> {
        let mut resolved = Map::new();
        for (key, value) in map {
            if let Some(value) = self.resolve(value, &join(path, key))? {
                resolved.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(resolved))
    }

    fn call(&self, name: &str, argument: &Value, path: &str) -> Result<Option<Value>> {
        let value = match name {
            "Ref" => {
                let target = self.text(argument, path)?;
                if target == "AWS::NoValue" {
                    return Ok(None);
                }
                self.reference(&target, path)?
            }
            "Fn::GetAtt" => {
                let parts = self.get_att_parts(argument, path)?;
                Value::String(self.attribute(&parts.0, &parts.1, path)?)
            }
            "Fn::Sub" => Value::String(self.sub(argument, path)?),
            "Fn::If" => {
                let [condition, yes, no] = self.arguments(argument, name, path)?;
                let condition = self.text(condition, path)?;
                let chosen = if self.condition(&condition, path, 0)? { yes } else { no };
                return self.resolve(chosen, path);
            }
            "Fn::Join" => {
                let [separator, list] = self.arguments(argument, name, path)?;
                let separator = self.text(separator, path)?;
                let parts = self.list(list, name, path)?;
                Value::String(
                    parts.iter().map(|part| self.scalar(part, path)).collect::<Result<Vec<_>>>()?.join(&separator),
                )
            }
            "Fn::Split" => {
                let [separator, text] = self.arguments(argument, name, path)?;
                let separator = self.text(separator, path)?;
                self.text(text, path)?.split(&separator).map(Value::from).collect()
            }
            "Fn::Select" => {
                let [index, list] = self.arguments(argument, name, path)?;
                let index = self.text(index, path)?;
                let list = self.list(list, name, path)?;
                index.parse::<usize>().ok().and_then(|index| list.get(index).cloned()).with_context(|| {
                    format!("{}: {path}: Fn::Select has no item {index} in a list of {}", self.file, list.len())
                })?
            }
            "Fn::FindInMap" => {
                let [map, first, second] = self.arguments(argument, name, path)?;
                let keys = [self.text(map, path)?, self.text(first, path)?, self.text(second, path)?];
                let found = keys.iter().try_fold(&self.template["Mappings"], |value, key| value.get(key));
                found.cloned().with_context(|| format!("{}: {path}: Mappings has no {}", self.file, keys.join(".")))?
            }
            "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or" => bail!(
                "{}: {path} uses {name}, which belongs in Conditions; refer to the condition with Fn::If",
                self.file
            ),
            _ => bail!("{}: {path} uses {name}, which the local cloud does not know", self.file),
        };
        Ok(Some(value))
    }

    fn reference(&self, target: &str, path: &str) -> Result<Value> {
        if let Some(value) = self.parameters.get(target) {
            return Ok(value.clone());
        }
        if let Some(value) = attributes::pseudo_parameter(target) {
            return Ok(Value::from(value));
        }
        let (resource, suffix) = target.split_once('.').map_or((target, None), |(name, suffix)| (name, Some(suffix)));
        let definition = self.resource(resource);
        let value = match (definition, suffix) {
            (Some(definition), None) => Some(attributes::reference(self, resource, definition, path)?),
            (Some(definition), Some(suffix)) => attributes::sam_reference(resource, definition, suffix),
            (None, _) => None,
        };
        value.map(Value::String).with_context(|| {
            format!(
                "{}: {path} refers to {target}, which is neither a parameter nor a resource that the local cloud knows",
                self.file
            )
        })
    }

    fn attribute(&self, resource: &str, attribute: &str, path: &str) -> Result<String> {
        let Some(definition) = self.resource(resource) else {
            bail!("{}: {path} refers to {resource}, which is not a resource of the template", self.file)
        };
        attributes::attribute(self, resource, definition, attribute, path)?.with_context(|| {
            let kind = definition["Type"].as_str().unwrap_or("no type");
            format!(
                "{}: {path} uses the attribute {resource}.{attribute} ({kind}), which the local cloud does not know",
                self.file
            )
        })
    }

    fn resource(&self, name: &str) -> Option<&Value> {
        self.template["Resources"].get(name)
    }

    fn sub(&self, argument: &Value, path: &str) -> Result<String> {
        let (text, variables) = match argument {
            Value::String(text) => (text.as_str(), None),
            Value::Array(items) => match items.as_slice() {
                [Value::String(text), Value::Object(variables)] => (text.as_str(), Some(variables)),
                _ => bail!("{}: {path}: Fn::Sub takes a text and a map of variables", self.file),
            },
            _ => bail!("{}: {path}: Fn::Sub takes a text, or a text and a map of variables", self.file),
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, remainder)) = after.split_once('}') else {
                bail!("{}: {path}: Fn::Sub has a ${{ without its }}", self.file)
            };
            result.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = variables.and_then(|variables| variables.get(name)) {
                result.push_str(&self.text(value, path)?);
            } else {
                result.push_str(&self.sub_variable(name, path)?);
            }
            rest = remainder;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn sub_variable(&self, name: &str, path: &str) -> Result<String> {
        if let Some((resource, attribute)) = name.split_once('.')
            && self
                .resource(resource)
                .is_some_and(|definition| attributes::sam_reference(resource, definition, attribute).is_none())
        {
            return self.attribute(resource, attribute, path);
        }
        self.scalar(&self.reference(name, path)?, path)
    }

    /// Evaluates a condition by its name.
    pub(super) fn condition(&self, name: &str, path: &str, depth: usize) -> Result<bool> {
        let Some(definition) = self.template["Conditions"].get(name) else {
            bail!("{}: {path} uses the condition {name}, which Conditions does not define", self.file)
        };
        self.evaluate(definition, &format!("Conditions.{name}"), depth + 1)
    }

    fn evaluate(&self, value: &Value, path: &str, depth: usize) -> Result<bool> {
        if depth > MAX_DEPTH {
            bail!("{}: {path} refers to itself", self.file)
        }
        if let Some(value) = value.as_bool() {
            return Ok(value);
        }
        let call = value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next());
        let Some((name, argument)) = call else { bail!("{}: {path} is not a condition", self.file) };
        let all = || -> Result<Vec<bool>> {
            let Value::Array(items) = argument else { bail!("{}: {path}: {name} takes a list", self.file) };
            items.iter().map(|item| self.evaluate(item, path, depth + 1)).collect()
        };
        Ok(match name.as_str() {
            "Fn::Equals" => {
                let [left, right] = self.arguments(argument, name, path)?;
                self.text(left, path)? == self.text(right, path)?
            }
            "Fn::Not" => match all()?.as_slice() {
                [value] => !value,
                _ => bail!("{}: {path}: Fn::Not takes one condition", self.file),
            },
            "Fn::And" => all()?.into_iter().all(|value| value),
            "Fn::Or" => all()?.into_iter().any(|value| value),
            "Condition" => {
                let name = self.text(argument, path)?;
                self.condition(&name, path, depth)?
            }
            _ => bail!("{}: {path} uses {name}, which the local cloud does not know as a condition", self.file),
        })
    }

    fn get_att_parts(&self, argument: &Value, path: &str) -> Result<(String, String)> {
        match argument {
            Value::String(text) => {
                text.split_once('.').map(|(name, attribute)| (name.to_owned(), attribute.to_owned()))
            }
            Value::Array(items) => match items.as_slice() {
                [Value::String(resource), attribute] => Some((resource.clone(), self.text(attribute, path)?)),
                _ => None,
            },
            _ => None,
        }
        .with_context(|| format!("{}: {path}: Fn::GetAtt takes a resource and an attribute", self.file))
    }

    fn arguments<'v, const N: usize>(&self, argument: &'v Value, name: &str, path: &str) -> Result<[&'v Value; N]> {
        let items: Option<Vec<&Value>> = argument.as_array().map(|items| items.iter().collect());
        items
            .and_then(|items| items.try_into().ok())
            .with_context(|| format!("{}: {path}: {name} takes a list of {N} values", self.file))
    }

    fn list(&self, value: &Value, name: &str, path: &str) -> Result<Vec<Value>> {
        match self.required(value, path)? {
            Value::Array(items) => Ok(items),
            _ => bail!("{}: {path}: {name} takes a list", self.file),
        }
    }

    fn text(&self, value: &Value, path: &str) -> Result<String> {
        let value = self.required(value, path)?;
        self.scalar(&value, path)
    }

    fn scalar(&self, value: &Value, path: &str) -> Result<String> {
        scalar_text(value).with_context(|| format!("{}: {path} needs a text here, not a list or map", self.file))
    }
}

/// Text, number or truth value as CloudFormation writes it into a text.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}
