//! One page of `ListObjectsV2`: a walk along the keys that jumps over what a delimiter groups.

use rusqlite::Transaction;
use s3s::dto::{
    CommonPrefix, ETag, ListObjectVersionsInput, ListObjectVersionsOutput, ListObjectsV2Input,
    ListObjectsV2Output, Object, ObjectStorageClass, ObjectVersion, ObjectVersionStorageClass,
};
use s3s::{S3Result, s3_error};

use super::read::{last_modified, length};

/// S3's bound on one page of a listing, and on the keys of one `DeleteObjects`.
pub(super) const KEYS_MAX: i32 = 1000;

/// What to list.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) bucket: String,
    pub(super) prefix: String,
    /// Not empty.
    pub(super) delimiter: Option<String>,
    /// The first key to look at, itself included.
    pub(super) from: String,
    /// Objects and common prefixes together.
    pub(super) keys_max: usize,
}

impl Query {
    /// Reads a request for versions: each object has the one of a bucket that keeps no other.
    pub(super) fn of_versions(input: &ListObjectVersionsInput) -> S3Result<Self> {
        if input
            .delimiter
            .as_deref()
            .is_some_and(|delimiter| !delimiter.is_empty())
            || input.encoding_type.is_some()
        {
            return Err(s3_error!(NotImplemented, "Versions are listed by prefix alone"));
        }
        Self::parse(&ListObjectsV2Input {
            bucket: input.bucket.clone(),
            prefix: input.prefix.clone(),
            start_after: input.key_marker.clone(),
            max_keys: input.max_keys,
            ..Default::default()
        })
    }

    /// Reads the request.
    pub(super) fn parse(input: &ListObjectsV2Input) -> S3Result<Self> {
        let keys_max = usize::try_from(max_keys(input))
            .map_err(|error| s3_error!(error, InvalidArgument, "max-keys must not be negative"))?;
        let from = match (&input.continuation_token, &input.start_after) {
            (Some(token), _) => hex::decode(token)
                .ok()
                .and_then(|key| String::from_utf8(key).ok())
                .ok_or_else(|| s3_error!(InvalidArgument, "The continuation token provided is incorrect"))?,
            // The smallest key after the given one.
            (None, Some(key)) => format!("{key}\0"),
            (None, None) => String::new(),
        };
        Ok(Self {
            bucket: input.bucket.clone(),
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone().filter(|delimiter| !delimiter.is_empty()),
            from,
            keys_max,
        })
    }
}

fn max_keys(input: &ListObjectsV2Input) -> i32 {
    input.max_keys.unwrap_or(KEYS_MAX).min(KEYS_MAX)
}

/// An object in a listing.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) size_bytes: u64,
    pub(super) etag: String,
    pub(super) modified_at_ms: i64,
}

/// A page of a listing.
#[derive(Clone, Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Listed>,
    pub(super) common_prefixes: Vec<String>,
    /// Where the next page begins ([`Query::from`]); `None` after the last page.
    pub(super) next: Option<String>,
}

/// Reads one page. Costs one index search per common prefix and one step per object, however many
/// keys a common prefix stands for.
pub(super) fn list(tx: &Transaction<'_>, query: &Query) -> rusqlite::Result<Page> {
    let mut page = Page::default();
    if query.keys_max == 0 {
        return Ok(page);
    }
    let mut statement = tx.prepare_cached(
        "SELECT key, size_bytes, etag, modified_at_ms FROM objects WHERE bucket = ?1 AND key >= ?2 ORDER BY key",
    )?;
    let mut from = query.from.clone().max(query.prefix.clone());
    'search: loop {
        let mut rows = statement.query([&query.bucket, &from])?;
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            if !key.starts_with(&query.prefix) {
                break 'search;
            }
            if page.objects.len() + page.common_prefixes.len() == query.keys_max {
                page.next = Some(key);
                break 'search;
            }
            if let Some(common) = common_prefix(&key, query) {
                let beyond = successor(common);
                page.common_prefixes.push(common.to_owned());
                let Some(beyond) = beyond else { break 'search };
                from = beyond;
                continue 'search;
            }
            page.objects.push(Listed {
                key,
                size_bytes: row.get(1)?,
                etag: row.get(2)?,
                modified_at_ms: row.get(3)?,
            });
        }
        break;
    }
    Ok(page)
}

/// A page of a listing, with the keys URL-encoded if the request asks for that.
pub(super) fn list_output(input: ListObjectsV2Input, page: Page) -> ListObjectsV2Output {
    let max_keys = max_keys(&input);
    let url = input
        .encoding_type
        .as_ref()
        .is_some_and(|encoding| encoding.as_str() == "url");
    let encoded = |text: String| {
        if url {
            urlencoding::encode(&text).replace("%2F", "/")
        } else {
            text
        }
    };
    let key_count = page.objects.len() + page.common_prefixes.len();
    let contents: Vec<Object> = page
        .objects
        .into_iter()
        .map(|listed| Object {
            key: Some(encoded(listed.key)),
            size: Some(length(listed.size_bytes)),
            e_tag: Some(ETag::Strong(listed.etag)),
            last_modified: Some(last_modified(listed.modified_at_ms)),
            storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
            ..Default::default()
        })
        .collect();
    let common_prefixes: Vec<CommonPrefix> = page
        .common_prefixes
        .into_iter()
        .map(|prefix| CommonPrefix {
            prefix: Some(encoded(prefix)),
        })
        .collect();
    ListObjectsV2Output {
        name: Some(input.bucket),
        prefix: Some(encoded(input.prefix.unwrap_or_default())),
        delimiter: input.delimiter.map(encoded),
        start_after: input.start_after.map(encoded),
        encoding_type: input.encoding_type,
        max_keys: Some(max_keys),
        key_count: i32::try_from(key_count).ok(),
        is_truncated: Some(page.next.is_some()),
        continuation_token: input.continuation_token,
        next_continuation_token: page.next.map(hex::encode),
        contents: Some(contents).filter(|contents| !contents.is_empty()),
        common_prefixes: Some(common_prefixes).filter(|prefixes| !prefixes.is_empty()),
        ..Default::default()
    }
}

/// A page of a listing of versions.
pub(super) fn versions_output(input: ListObjectVersionsInput, page: Page) -> ListObjectVersionsOutput {
    let last = page.objects.last().map(|listed| listed.key.clone());
    let versions = page.objects.into_iter().map(|listed| ObjectVersion {
        key: Some(listed.key),
        version_id: Some("null".to_owned()),
        is_latest: Some(true),
        size: Some(length(listed.size_bytes)),
        e_tag: Some(ETag::Strong(listed.etag)),
        last_modified: Some(last_modified(listed.modified_at_ms)),
        storage_class: Some(ObjectVersionStorageClass::from_static(
            ObjectVersionStorageClass::STANDARD,
        )),
        ..Default::default()
    });
    ListObjectVersionsOutput {
        versions: Some(versions.collect()),
        name: Some(input.bucket),
        prefix: input.prefix,
        key_marker: input.key_marker,
        is_truncated: Some(page.next.is_some()),
        next_key_marker: last.filter(|_| page.next.is_some()),
        ..Default::default()
    }
}

/// The key up to and including the first delimiter after the prefix.
fn common_prefix<'key>(key: &'key str, query: &Query) -> Option<&'key str> {
    let delimiter = query.delimiter.as_deref()?;
    let at = key[query.prefix.len()..].find(delimiter)?;
    Some(&key[..query.prefix.len() + at + delimiter.len()])
}

/// The smallest string greater than every string that begins with `prefix`, if there is one. Code
/// points order as their UTF-8 bytes do, so stepping the last one up is exact.
fn successor(prefix: &str) -> Option<String> {
    let mut kept: Vec<char> = prefix.chars().collect();
    while let Some(last) = kept.pop() {
        if let Some(next) = (last..=char::MAX).nth(1) {
            kept.push(next);
            return Some(kept.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::successor;

    #[test]
    fn a_successor_is_greater_than_all_that_begin_with_the_prefix() {
        assert_eq!(successor("a/").as_deref(), Some("a0"));
        assert_eq!(successor("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(
            successor("\u{d7ff}").as_deref(),
            Some("\u{e000}"),
            "surrogates are no characters"
        );
        assert_eq!(successor("\u{10ffff}"), None);
        assert_eq!(successor(""), None);
    }
}
