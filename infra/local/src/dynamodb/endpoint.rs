//! DynamoDB over HTTP, for any client that has the access key.

use bytes::Bytes;
use domain::Timestamp;
use dynoxide::{Database, DynoxideError};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{mpsc, oneshot};

use super::actions::act;
use crate::AccessKey;
use crate::signature::{Claim, Unsigned};

/// Bytes of a request, as DynamoDB has it.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The target of an action of this cloud's own: deliver every upload that waits, and answer when that is done.
pub(crate) const DELIVER_UPLOADS: &str = "Waymark.DeliverUploads";
/// The same, and then deliver every change of the tables.
pub(crate) const DELIVER: &str = "Waymark.Deliver";

/// Asks for a delivery.
pub(crate) struct DeliveryAsked {
    /// Whether the changes of the tables are to be delivered as well.
    pub(crate) changes_too: bool,
    /// Is sent what the delivery came to once it is done: what it waits for, where it could not be made.
    pub(crate) done: oneshot::Sender<Result<(), String>>,
}

/// The endpoint; `now` is when a request came.
pub(crate) struct Endpoint<Now> {
    pub(crate) database: Database,
    pub(crate) key: AccessKey,
    pub(crate) now: Now,
    pub(crate) deliveries: mpsc::Sender<DeliveryAsked>,
}

/// A refusal as DynamoDB words it: a status and JSON.
struct Refused(StatusCode, String);

impl Refused {
    fn of(status: StatusCode, kind: &str, message: &str) -> Self {
        let kind = format!("com.amazon.coral.service#{kind}");
        Self(
            status,
            serde_json::json!({ "__type": kind, "message": message }).to_string(),
        )
    }
}

impl<Now: Fn() -> Timestamp> Endpoint<Now> {
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (status, text) = match self.carry_out(request).await {
            Ok(text) => (StatusCode::OK, text),
            Err(Refused(status, text)) => (status, text),
        };
        let mut response = Response::new(Full::from(text));
        *response.status_mut() = status;
        let content_type = HeaderValue::from_static(super::CONTENT_TYPE);
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        response
    }

    async fn carry_out(&self, request: Request<Incoming>) -> Result<String, Refused> {
        let (head, body) = request.into_parts();
        if head.method != Method::POST || head.uri.path() != "/" {
            return Err(unknown(StatusCode::NOT_FOUND));
        }
        let claim = Claim::of(&head, &self.key, "dynamodb", (self.now)()).map_err(unsigned)?;
        let body = Limited::new(body, BODY_BYTES_MAX).collect().await;
        let body = body.map_err(|error| malformed(StatusCode::PAYLOAD_TOO_LARGE, &error.to_string()))?;
        let body = body.to_bytes();
        claim.prove(&body).map_err(unsigned)?;
        let target = head
            .headers
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok());
        if let Some(DELIVER_UPLOADS | DELIVER) = target {
            return self.deliver(target == Some(DELIVER)).await;
        }
        let (_, action) = target
            .and_then(|target| target.rsplit_once('.'))
            .ok_or_else(|| unknown(StatusCode::BAD_REQUEST))?;
        let text = String::from_utf8(body.into())
            .map_err(|error| malformed(StatusCode::BAD_REQUEST, &error.to_string()))?;
        let (database, action) = (self.database.clone(), action.to_owned());
        let acted = tokio::task::spawn_blocking(move || act(&database, &action, &text)).await;
        acted
            .map_err(|error| broken(&error.to_string()))?
            .map_err(|error| refused(&error))
    }

    async fn deliver(&self, changes_too: bool) -> Result<String, Refused> {
        let (done, is_done) = oneshot::channel();
        let going = || broken("the cloud is going down");
        let asked = DeliveryAsked { changes_too, done };
        self.deliveries.send(asked).await.map_err(|_| going())?;
        let came_to = is_done.await.map_err(|_| going())?;
        came_to.map_err(|cause| Refused::of(StatusCode::CONFLICT, "DeliveryFailedException", &cause))?;
        Ok("{}".to_owned())
    }
}

fn refused(error: &DynoxideError) -> Refused {
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Refused(status, error.to_json())
}

fn unknown(status: StatusCode) -> Refused {
    Refused::of(status, "UnknownOperationException", "no action of DynamoDB")
}

fn malformed(status: StatusCode, reason: &str) -> Refused {
    Refused::of(status, "SerializationException", reason)
}

fn broken(reason: &str) -> Refused {
    Refused::of(StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", reason)
}

fn unsigned(unsigned: Unsigned) -> Refused {
    let (kind, message) = match unsigned {
        Unsigned::Missing => (
            "MissingAuthenticationTokenException",
            "sign the request with the access key that `waymark up` prints",
        ),
        Unsigned::OtherKey => (
            "UnrecognizedClientException",
            "another access key; use the one that `waymark up` prints",
        ),
        Unsigned::Stale => (
            "InvalidSignatureException",
            "signed more than 15 minutes from now; look at the clock",
        ),
        Unsigned::Wrong => ("InvalidSignatureException", "the signature does not match"),
    };
    Refused::of(StatusCode::FORBIDDEN, kind, message)
}
