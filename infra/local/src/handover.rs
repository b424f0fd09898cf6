//! What somebody else who runs the functions goes by, such as `sam local` and `cargo lambda watch`: the file `functions.json`.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;

use crate::{
    lambda::LambdaOptions,
    state,
    template::{REGION, Route},
};

/// A function as the local cloud runs it.
#[derive(Serialize)]
struct Function<'a> {
    program: &'a str,
    environment: BTreeMap<&'a str, &'a str>,
    /// Such as `GET /s/{videoId}`.
    routes: Vec<String>,
}

/// Writes the functions by logical id, readable for their owner only: their environment holds secrets.
pub(crate) fn write(options: &LambdaOptions, routes: &[Route]) -> Result<()> {
    let functions = options.functions.iter().map(|function| {
        let own = options.environment.iter().chain(&function.environment);
        let own = own.map(|(name, value)| (name.as_str(), value.as_str()));
        let described = Function {
            program: &function.binary,
            environment: [("AWS_REGION", REGION)].into_iter().chain(own).collect(),
            routes: routes.iter().filter(|route| route.function == function.name).map(Route::key).collect(),
        };
        (function.name.as_str(), described)
    });
    state::write(&options.state_dir.join("functions.json"), &functions.collect::<BTreeMap<_, _>>())
}
