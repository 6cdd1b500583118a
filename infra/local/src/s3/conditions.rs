//! `If-Match` and its kin, for writes and for reads.

use s3s::S3ErrorCode;
use s3s::dto::{ETagCondition, Timestamp};

use super::error::{ObjectStoreError, refused};

/// What a write asks of the object that is there now. Checked inside the transaction that writes, so
/// of any number of racing writers with the same condition exactly one wins.
#[derive(Debug)]
pub(super) enum WriteCondition {
    /// Write whatever is there.
    Always,
    /// `If-None-Match: *`: write only where nothing is.
    Absent,
    /// `If-Match: *`: write only over something.
    Present,
    /// `If-Match: "etag"`: write only over exactly this.
    Tagged(String),
}

impl WriteCondition {
    /// Reads the two headers. What S3 does not carry out for writes is refused, as S3 does.
    pub(super) fn parse(
        if_match: Option<ETagCondition>,
        if_none_match: Option<ETagCondition>,
    ) -> Result<Self, ObjectStoreError> {
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::Always),
            (None, Some(ETagCondition::Any)) => Ok(Self::Absent),
            (Some(ETagCondition::Any), None) => Ok(Self::Present),
            (Some(ETagCondition::ETag(etag)), None) => Ok(Self::Tagged(etag.into_value())),
            _ => {
                let reason = "A header you provided implies functionality that is not implemented";
                Err(refused(S3ErrorCode::NotImplemented, reason))
            }
        }
    }

    /// Whether a write may go ahead over the object with this ETag, or over nothing.
    pub(super) fn check(&self, current_etag: Option<&str>) -> Result<(), ObjectStoreError> {
        let holds = match (self, current_etag) {
            (Self::Always, _) | (Self::Absent, None) | (Self::Present, Some(_)) => true,
            (Self::Tagged(wanted), Some(etag)) => wanted == etag,
            (Self::Present | Self::Tagged(_), None) => {
                return Err(refused(
                    S3ErrorCode::NoSuchKey,
                    "The specified key does not exist",
                ));
            }
            (Self::Absent, Some(_)) => false,
        };
        if holds { Ok(()) } else { Err(precondition_failed()) }
    }
}

/// The refusal of any condition that does not hold.
pub(super) fn precondition_failed() -> ObjectStoreError {
    let reason = "At least one of the pre-conditions you specified did not hold";
    refused(S3ErrorCode::PreconditionFailed, reason)
}

/// The conditions of a GET, a HEAD, or the source of a copy.
#[derive(Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

/// What [`ReadConditions`] say about an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Go ahead.
    Holds,
    /// The caller has this object already: 304 for a read, 412 for a copy.
    NotModified,
    /// 412.
    Failed,
}

impl ReadConditions {
    /// The ETag conditions take precedence over the times, as RFC 9110 §13.2.2 has it.
    pub(super) fn check(&self, etag: &str, last_modified: &Timestamp) -> Verdict {
        let matches = |condition: &ETagCondition| match condition {
            ETagCondition::Any => true,
            ETagCondition::ETag(wanted) => wanted.value() == etag,
        };
        let current = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition),
            (None, Some(since)) => last_modified <= since,
            (None, None) => true,
        };
        let news = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => !matches(condition),
            (None, Some(since)) => last_modified > since,
            (None, None) => true,
        };
        match (current, news) {
            (false, _) => Verdict::Failed,
            (true, false) => Verdict::NotModified,
            (true, true) => Verdict::Holds,
        }
    }
}
