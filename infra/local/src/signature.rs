//! Is a request signed with the access key? AWS's own signer signs it again, and the two signatures are compared.
//!
//! Signatures of the `Authorization` header alone, as every client of DynamoDB makes them; S3's other forms are `s3s`'s.

use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use chrono::NaiveDateTime;
use domain::Timestamp;
use hyper::header::{AUTHORIZATION, HeaderMap};
use hyper::http::request::Parts;

use crate::AccessKey;

/// How far a client's clock and this machine's may be apart, as AWS has it.
pub(crate) const SKEW_SECONDS_MAX: u32 = 15 * 60;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const DATE: &str = "x-amz-date";

/// Why a request is not the access key's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsigned {
    /// It has no signature, or none that can be read.
    Missing,
    /// It is signed with another access key.
    OtherKey,
    /// It was signed too long ago, or will be.
    Stale,
    /// Its signature is not what the key makes of it.
    Wrong,
}

/// What an `Authorization` header says.
struct Authorization<'a> {
    key_id: &'a str,
    region: &'a str,
    signed: Vec<&'a str>,
    signature: &'a str,
}

/// What the head of a request claims: to be signed with the access key. Its body is proved afterwards, so that nobody who does
/// not know the key makes this process read one.
pub(crate) struct Claim<'a> {
    head: &'a Parts,
    key: &'a AccessKey,
    service: &'a str,
    authorization: Authorization<'a>,
    at: i64,
}

impl<'a> Claim<'a> {
    /// The claim that a request to `service` makes.
    ///
    /// # Errors
    /// [`Unsigned`] when it makes none of `key` and now.
    pub(crate) fn of(
        head: &'a Parts,
        key: &'a AccessKey,
        service: &'a str,
        now: Timestamp,
    ) -> Result<Self, Unsigned> {
        let authorization = only(&head.headers, AUTHORIZATION.as_str()).ok_or(Unsigned::Missing)?;
        let authorization = Authorization::parse(authorization, service).ok_or(Unsigned::Missing)?;
        if authorization.key_id != key.id {
            return Err(Unsigned::OtherKey);
        }
        let date = only(&head.headers, DATE).ok_or(Unsigned::Missing)?;
        let at = NaiveDateTime::parse_from_str(date, "%Y%m%dT%H%M%SZ").map_err(|_| Unsigned::Missing)?;
        let at = at.and_utc().timestamp();
        if at.abs_diff(now.unix()) > u64::from(SKEW_SECONDS_MAX) {
            return Err(Unsigned::Stale);
        }
        let is_left_out = |name: &str| name.starts_with("x-amz-") && !authorization.signed.contains(&name);
        if head.headers.keys().any(|name| is_left_out(name.as_str())) {
            return Err(Unsigned::Wrong);
        }
        Ok(Self {
            head,
            key,
            service,
            authorization,
            at,
        })
    }

    /// Proves that the request is signed with the key, whole: its body, its target and every header whose name begins with
    /// `x-amz-`.
    ///
    /// # Errors
    /// [`Unsigned::Wrong`] when it is not; which bytes differ is not said.
    pub(crate) fn prove(&self, body: &[u8]) -> Result<(), Unsigned> {
        let expected = self.signature(body).ok_or(Unsigned::Wrong)?;
        verify_slices_are_equal(expected.as_bytes(), self.authorization.signature.as_bytes())
            .map_err(|_| Unsigned::Wrong)
    }

    /// The signature that the key makes of the headers that were signed, at the instant named by the request.
    fn signature(&self, body: &[u8]) -> Option<String> {
        let Self {
            head, authorization, ..
        } = self;
        let mut headers = Vec::new();
        for &name in &authorization.signed {
            for value in head.headers.get_all(name) {
                headers.push((name, value.to_str().ok()?));
            }
        }
        let mut settings = SigningSettings::default();
        // What was signed is what the request says; the signer leaves nothing out of it.
        settings.excluded_headers = None;
        let identity = self.key.credentials().into();
        let time = Duration::from_secs(u64::try_from(self.at).ok()?);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(authorization.region)
            .name(self.service)
            .time(SystemTime::UNIX_EPOCH.checked_add(time)?)
            .settings(settings)
            .build()
            .ok()?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        // The host that counts is the header's, if it is signed; without it no signature fits.
        let address = format!("http://localhost{target}");
        let request = SignableRequest::new(
            head.method.as_str(),
            address,
            headers.into_iter(),
            SignableBody::Bytes(body),
        );
        let signed = sign(request.ok()?, &parameters.into()).ok()?;
        Some(signed.signature().to_owned())
    }
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str, service: &str) -> Option<Self> {
        let fields = header.strip_prefix(ALGORITHM)?.strip_prefix(' ')?;
        let field = |name: &str| {
            let mut fields = fields.split(',').filter_map(|field| field.trim().split_once('='));
            fields.find_map(|(key, value)| (key == name).then_some(value))
        };
        let scope: Vec<&str> = field("Credential")?.split('/').collect();
        let &[key_id, _day, region, for_service, "aws4_request"] = scope.as_slice() else {
            return None;
        };
        (for_service == service).then_some(Self {
            key_id,
            region,
            signed: field("SignedHeaders")?.split(';').collect(),
            signature: field("Signature")?,
        })
    }
}

/// The one value of a header; `None` when it has several, or one that is no text.
fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    value.to_str().ok()
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    const SIGNED_AT: i64 = 1_717_200_000;
    const BODY: &[u8] = b"{\"TableName\":\"local-orders\"}";

    fn key(secret: &str) -> AccessKey {
        AccessKey {
            id: "WAYMARK1".to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// A request as a client signs it.
    fn signed(key: &AccessKey, left_out: Option<&'static str>) -> Request<()> {
        let mut request = Request::post("/?a=b%20c")
            .header("host", "127.0.0.1:8000")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", "DynamoDB_20120810.Scan")
            .body(())
            .expect("a request");
        let mut settings = SigningSettings::default();
        settings
            .excluded_headers
            .as_mut()
            .expect("some")
            .extend(left_out.map(Into::into));
        let identity = key.credentials().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("us-east-1")
            .name("dynamodb")
            .time(SystemTime::UNIX_EPOCH + Duration::from_secs(SIGNED_AT.unsigned_abs()))
            .settings(settings)
            .build()
            .expect("parameters");
        let headers: Vec<_> = request
            .headers()
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().expect("text")))
            .collect();
        let signable = SignableRequest::new(
            "POST",
            "http://127.0.0.1:8000/?a=b%20c",
            headers.into_iter(),
            SignableBody::Bytes(BODY),
        );
        let (instructions, _) = sign(signable.expect("a request"), &parameters.into())
            .expect("it can be signed")
            .into_parts();
        instructions.apply_to_request_http1x(&mut request);
        request
    }

    fn verified(request: Request<()>, body: &[u8], after: i64) -> Result<(), Unsigned> {
        let now = Timestamp::from_unix(SIGNED_AT + after);
        let (head, key) = (request.into_parts().0, key("secret"));
        Claim::of(&head, &key, "dynamodb", now)?.prove(body)
    }

    #[test]
    fn what_the_key_signed_is_taken_for_a_quarter_of_an_hour() {
        let mine = key("secret");
        for (after, verdict) in [
            (0, Ok(())),
            (900, Ok(())),
            (-900, Ok(())),
            (901, Err(Unsigned::Stale)),
            (-901, Err(Unsigned::Stale)),
        ] {
            assert_eq!(verified(signed(&mine, None), BODY, after), verdict, "{after}");
        }
        // Header order and spaces are a client's own business.
        let mut spaced = signed(&mine, None);
        let header = spaced.headers()["authorization"]
            .to_str()
            .expect("text")
            .replace(", ", ",");
        spaced
            .headers_mut()
            .insert("authorization", header.parse().expect("a header"));
        assert_eq!(verified(spaced, BODY, 0), Ok(()));
    }

    #[test]
    fn what_was_changed_or_left_out_is_not_the_keys() {
        let mine = key("secret");
        assert_eq!(
            verified(signed(&key("guess"), None), BODY, 0),
            Err(Unsigned::Wrong)
        );
        assert_eq!(verified(signed(&mine, None), b"{}", 0), Err(Unsigned::Wrong));
        for (name, value, verdict) in [
            ("x-amz-target", "DynamoDB_20120810.DeleteTable", Unsigned::Wrong),
            ("host", "127.0.0.1:9000", Unsigned::Wrong),
            ("content-type", "text/plain", Unsigned::Wrong),
            ("x-amz-security-token", "another", Unsigned::Wrong),
            ("x-amz-date", "20240601T000001Z", Unsigned::Wrong),
            ("x-amz-date", "yesterday", Unsigned::Missing),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Signature=00",
                Unsigned::Missing,
            ),
        ] {
            let mut changed = signed(&mine, None);
            changed
                .headers_mut()
                .insert(name, value.parse().expect("a header"));
            assert_eq!(verified(changed, BODY, 0), Err(verdict), "{name}: {value}");
        }
        for name in ["x-amz-date", "authorization"] {
            let mut doubled = signed(&mine, None);
            let value = doubled.headers()[name].clone();
            doubled.headers_mut().append(name, value);
            assert_eq!(verified(doubled, BODY, 0), Err(Unsigned::Missing), "{name} twice");
            let mut without = signed(&mine, None);
            without.headers_mut().remove(name);
            assert_eq!(verified(without, BODY, 0), Err(Unsigned::Missing), "no {name}");
        }
        let mut elsewhere = signed(&mine, None);
        *elsewhere.uri_mut() = "/?a=c".parse().expect("a target");
        assert_eq!(verified(elsewhere, BODY, 0), Err(Unsigned::Wrong));
        // A target that nobody signed may be anybody's.
        assert_eq!(
            verified(signed(&mine, Some("x-amz-target")), BODY, 0),
            Err(Unsigned::Wrong)
        );
        let mut other = signed(&mine, None);
        let header = other.headers()["authorization"].to_str().expect("text");
        let header = header.replace("WAYMARK1", "WAYMARK2").parse().expect("a header");
        other.headers_mut().insert("authorization", header);
        assert_eq!(verified(other, BODY, 0), Err(Unsigned::OtherKey));
    }
}
