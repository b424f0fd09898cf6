//! Which route takes a request: the most specific one (API Gateway developer guide, "Routing API requests").

use std::{cmp::Reverse, collections::BTreeMap};

use crate::template::{Method, Route};

/// How particular a segment of a path is; the smaller, the more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Exact(String),
    Variable(String),
    Greedy(String),
}

pub(super) struct Routes(Vec<(Option<Vec<Segment>>, Route)>);

impl Routes {
    pub(super) fn new(routes: Vec<Route>) -> Self {
        let parsed = routes.into_iter().map(|route| (route.path.as_deref().map(segments), route));
        Self(parsed.collect())
    }

    /// The route for a method and a decoded path, and the path's variables.
    pub(super) fn find(&self, method: &str, path: &str) -> Option<(&Route, BTreeMap<String, String>)> {
        let candidates = self.0.iter().filter_map(|(segments, route)| {
            let any = match &route.method {
                Method::Any => true,
                Method::Only(wanted) if wanted == method => false,
                Method::Only(_) => return None,
            };
            match segments {
                None => Some(((true, None, any), route, BTreeMap::new())),
                Some(segments) => Some(((false, Some(ranks(segments)), any), route, matched(segments, path)?)),
            }
        });
        candidates.min_by(|left, right| left.0.cmp(&right.0)).map(|(_, route, variables)| (route, variables))
    }
}

fn segments(path: &str) -> Vec<Segment> {
    let variable = |segment: &str| segment.strip_prefix('{').and_then(|name| name.strip_suffix('}')).map(str::to_owned);
    path.trim_start_matches('/')
        .split('/')
        .map(|segment| match variable(segment) {
            None => Segment::Exact(segment.to_owned()),
            Some(name) => match name.strip_suffix('+') {
                Some(name) => Segment::Greedy(name.to_owned()),
                None => Segment::Variable(name),
            },
        })
        .collect()
}

/// Orders routes that match the same path: a greedy end is the least particular, and less so the earlier it stands.
fn ranks(segments: &[Segment]) -> (bool, Reverse<usize>, Vec<u8>) {
    let kinds = segments.iter().map(|segment| match segment {
        Segment::Exact(_) => 0,
        Segment::Variable(_) => 1,
        Segment::Greedy(_) => 2,
    });
    let greedy = matches!(segments.last(), Some(Segment::Greedy(_)));
    (greedy, Reverse(segments.len()), kinds.collect())
}

fn matched(segments: &[Segment], path: &str) -> Option<BTreeMap<String, String>> {
    let mut rest = Some(path.strip_prefix('/')?);
    let mut variables = BTreeMap::new();
    for segment in segments {
        let remaining = rest?;
        if let Segment::Greedy(name) = segment {
            if remaining.is_empty() {
                return None;
            }
            variables.insert(name.clone(), remaining.to_owned());
            return Some(variables);
        }
        let (part, after) = remaining.split_once('/').map_or((remaining, None), |(part, after)| (part, Some(after)));
        match segment {
            Segment::Exact(text) if text == part => {}
            Segment::Variable(name) if !part.is_empty() => {
                variables.insert(name.clone(), part.to_owned());
            }
            _ => return None,
        }
        rest = after;
    }
    rest.is_none().then_some(variables)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn routes(keys: &[&str]) -> Routes {
        let route = |key: &&str| {
            let (method, path) =
                key.split_once(' ').map_or(("ANY", None), |(method, path)| (method, Some(path.to_owned())));
            let method = if method == "ANY" { Method::Any } else { Method::Only(method.to_owned()) };
            Route { method, path, function: "f".to_owned(), timeout: Duration::from_secs(1) }
        };
        Routes::new(keys.iter().map(route).collect())
    }

    #[test]
    fn the_most_specific_route_wins() {
        let routes = routes(&[
            "$default",
            "GET /{proxy+}",
            "GET /s/{proxy+}",
            "GET /s/{code}",
            "GET /s/new",
            "ANY /s/new",
            "GET /s/{code}/embed",
            "ANY /any",
            "GET /",
        ]);
        for (method, path, expected) in [
            ("GET", "/s/new", "GET /s/new"),
            ("POST", "/s/new", "ANY /s/new"),
            ("GET", "/s/abc", "GET /s/{code}"),
            ("GET", "/s/abc/embed", "GET /s/{code}/embed"),
            ("GET", "/s/abc/other", "GET /s/{proxy+}"),
            ("GET", "/x/y", "GET /{proxy+}"),
            ("GET", "/s/", "GET /{proxy+}"),
            ("GET", "/", "GET /"),
            ("GET", "/any", "ANY /any"),
            ("POST", "/x", "$default"),
        ] {
            let found = routes.find(method, path).map(|(route, _)| route.key());
            assert_eq!(found.as_deref(), Some(expected), "{method} {path}");
        }
    }

    #[test]
    fn variables_are_taken_from_the_path() {
        let routes = routes(&["GET /s/{code}/{rest+}"]);
        let (_, variables) = routes.find("GET", "/s/a b/c/d").expect("a route");
        assert_eq!(variables["code"], "a b");
        assert_eq!(variables["rest"], "c/d");
    }

    #[test]
    fn a_route_the_template_does_not_have_is_not_found() {
        let routes = routes(&["GET /s/{code}"]);
        for (method, path) in
            [("POST", "/s/a"), ("GET", "/s"), ("GET", "/s/"), ("GET", "/s/a/"), ("GET", "/S/a"), ("GET", "*")]
        {
            assert!(routes.find(method, path).is_none(), "{method} {path}");
        }
    }
}
