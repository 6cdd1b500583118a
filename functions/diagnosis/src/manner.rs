//! How a request is answered: as JSON or as a page, and in which language the page opens.

use aws_lambda_events::http::HeaderMap;
use aws_lambda_events::http::header::{self, HeaderName};

/// What an answer is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Html,
}

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) form: Form,
    /// Both languages are in an answer; a page shows one of them first.
    pub(crate) is_chinese: bool,
}

impl Manner {
    /// `format` and `lang` of the query say how; without them `Accept` and `Accept-Language` do. A page is for whoever accepts
    /// one, as browsers do; all others have JSON. Even a query that is refused is refused in this manner.
    pub(crate) fn of(headers: &HeaderMap, raw_query: &str) -> Self {
        let told = |name: HeaderName| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
        };
        let mut manner = Self {
            form: if told(header::ACCEPT).contains("text/html") {
                Form::Html
            } else {
                Form::Json
            },
            is_chinese: prefers_chinese(told(header::ACCEPT_LANGUAGE)),
        };
        for pair in raw_query.split('&') {
            match pair {
                "format=html" => manner.form = Form::Html,
                "format=json" => manner.form = Form::Json,
                "lang=zh" => manner.is_chinese = true,
                "lang=en" => manner.is_chinese = false,
                _ => {}
            }
        }
        manner
    }
}

/// Whether Chinese comes before English. Browsers name the languages in the order of preference, so weights need not be read.
fn prefers_chinese(languages: &str) -> bool {
    let ours = languages.split(',').find_map(|language| {
        let primary = language.trim().get(..2)?;
        ["zh", "en"]
            .into_iter()
            .find(|ours| primary.eq_ignore_ascii_case(ours))
    });
    ours == Some("zh")
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::http::HeaderValue;

    use super::*;

    fn manner(accept: &str, languages: &str, query: &str) -> Manner {
        let value = |text: &str| HeaderValue::from_bytes(text.as_bytes()).expect("a header");
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value(accept));
        headers.insert(header::ACCEPT_LANGUAGE, value(languages));
        Manner::of(&headers, query)
    }

    #[test]
    fn headers_choose_and_the_query_overrules_them() {
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        for (accept, languages, query, form, is_chinese) in [
            (browser, "", "", Form::Html, false),
            ("*/*", "", "", Form::Json, false),
            (browser, "zh-CN,zh;q=0.9,en;q=0.8", "q=1", Form::Html, true),
            (browser, "fr, en-GB;q=0.9, zh;q=0.1", "q=1", Form::Html, false),
            (browser, "de-DE,de", "q=1", Form::Html, false),
            (browser, "zh-CN", "lang=en&q=1&format=json", Form::Json, false),
            ("*/*", "en", "lang=zh&q=1&format=html", Form::Html, true),
            (browser, "zh", "lang=fr&format=pdf", Form::Html, true),
            (browser, "中", "%ff", Form::Html, false),
        ] {
            let expected = Manner { form, is_chinese };
            assert_eq!(
                manner(accept, languages, query),
                expected,
                "{accept} {languages} {query}"
            );
        }
    }
}
