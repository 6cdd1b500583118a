//! Whom a listener on the loopback interface answers: whoever names this very address, and no page of another website.
//!
//! A browser carries requests of any website to 127.0.0.1. Such a request names the website as its host (a name that was made
//! to mean 127.0.0.1, DNS rebinding), as its `Origin`, or in `Sec-Fetch-Site`. Here each of them is refused before anything
//! of the request is looked at, and so is the question whether another website may ask (a preflight).

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

/// The guard of a port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    port: u16,
}

impl Guard {
    pub(crate) fn of(port: u16) -> Self {
        Self { port }
    }

    /// How a request is refused; `None` when it is answered.
    pub(crate) fn refusal<B>(&self, request: &Request<B>) -> Option<Response<Full<Bytes>>> {
        let address = format!("http://127.0.0.1:{}/", self.port);
        if !self.is_asked_by_name(request) {
            return Some(said(
                StatusCode::MISDIRECTED_REQUEST,
                format!("ask at {address} only, by this very name\n请只通过 {address} 这个地址访问\n"),
            ));
        }
        if !self.is_of_no_other_site(request.method(), request.headers()) {
            return Some(said(
                StatusCode::FORBIDDEN,
                "pages of other websites are not answered\n不响应其他网站页面发出的请求\n".to_owned(),
            ));
        }
        (request.method() == Method::OPTIONS).then(|| {
            said(
                StatusCode::METHOD_NOT_ALLOWED,
                "no preflights\n不支持预检请求\n".to_owned(),
            )
        })
    }

    /// Whether the one host that a request names, also within its target, is this address.
    fn is_asked_by_name<B>(&self, request: &Request<B>) -> bool {
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else {
            return false;
        };
        let target = request.uri().authority();
        host.to_str().is_ok_and(|host| self.is_own(host))
            && target.is_none_or(|target| self.is_own(target.as_str()))
    }

    /// Whether no header says that a page of another site asks. A person who follows a link from there asks for themselves; a form
    /// that the page sends does not.
    fn is_of_no_other_site(&self, method: &Method, headers: &HeaderMap) -> bool {
        let is_own = |origin: &HeaderValue| {
            let origin = origin.to_str().ok();
            let host = origin.and_then(|origin| origin.strip_prefix("http://"));
            host.is_some_and(|host| self.is_own(host))
        };
        let says = |name: &str, values: &[&str]| {
            let value = headers.get(name);
            value.is_some_and(|value| values.iter().any(|known| value == known))
        };
        headers.get_all(header::ORIGIN).iter().all(is_own)
            && (!headers.contains_key("sec-fetch-site")
                || says("sec-fetch-site", &["same-origin", "none"])
                || (method == Method::GET && says("sec-fetch-mode", &["navigate"])))
    }

    fn is_own(&self, host: &str) -> bool {
        ["127.0.0.1", "localhost"].into_iter().any(|name| {
            // A browser leaves the port out where it is HTTP's own.
            let is_bare = self.port == 80 && host.eq_ignore_ascii_case(name);
            is_bare || host.eq_ignore_ascii_case(&format!("{name}:{}", self.port))
        })
    }
}

/// A sentence as an answer.
pub(crate) fn said(status: StatusCode, sentence: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(sentence));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
