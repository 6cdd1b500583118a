//! The S3 operations: each reads its input, lets the store do it, and words the response.

use s3s::dto::*;
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};

use super::attributes::attributes_of;
use super::bodies::{receive, send};
use super::conditions::{ReadConditions, WriteCondition};
use super::digests::Digests;
use super::index;
use super::listing::{KEYS_MAX, Query, list_output, versions_output};
use super::multipart::UploadRef;
use super::notifications::Cause;
use super::object_store::ObjectStore;
use super::objects::{Copy, NewObject, require_bucket};
use super::read::{Read, current_version, head_output, last_modified};
use super::serve::REGION;

/// The store as a service. Operations that are not here answer `NotImplemented`.
pub(super) struct Operations {
    pub(super) store: ObjectStore,
}

#[async_trait::async_trait]
impl S3 for Operations {
    async fn create_bucket(
        &self,
        request: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let bucket = request.input.bucket;
        if !self.store.create_bucket(&bucket).await? {
            return Err(s3_error!(BucketAlreadyOwnedByYou, "You already own this bucket"));
        }
        Ok(S3Response::new(CreateBucketOutput {
            location: Some(format!("/{bucket}")),
        }))
    }

    async fn head_bucket(
        &self,
        request: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.require_bucket(request.input.bucket).await?;
        Ok(S3Response::new(HeadBucketOutput {
            bucket_region: Some(REGION.to_owned()),
            ..Default::default()
        }))
    }

    async fn get_bucket_location(
        &self,
        request: S3Request<GetBucketLocationInput>,
    ) -> S3Result<S3Response<GetBucketLocationOutput>> {
        self.require_bucket(request.input.bucket).await?;
        // S3 leaves the constraint empty for us-east-1.
        Ok(S3Response::new(GetBucketLocationOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let rows = self
            .store
            .run(|inner| inner.transact("list buckets", |tx| Ok(index::buckets(tx)?)))
            .await?;
        let buckets = rows.into_iter().map(|(name, created_at_ms)| Bucket {
            name: Some(name),
            creation_date: Some(last_modified(created_at_ms)),
            bucket_region: Some(REGION.to_owned()),
        });
        Ok(S3Response::new(ListBucketsOutput {
            buckets: Some(buckets.collect()),
            ..Default::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let digests = Digests::announced_by(&request);
        let mut input = request.input;
        let condition = WriteCondition::parse(input.if_match, input.if_none_match)?;
        let mut attributes = attributes_of!(input)?;
        let received = receive(self.store.bodies(), input.body, digests).await?;
        attributes.checksums = received.digests.checksums;
        let etag = hex::encode(received.digests.md5);
        let output = PutObjectOutput {
            e_tag: Some(ETag::Strong(etag.clone())),
            checksum_crc32: attributes.checksum("crc32"),
            checksum_crc32c: attributes.checksum("crc32c"),
            checksum_crc64nvme: attributes.checksum("crc64nvme"),
            checksum_sha1: attributes.checksum("sha1"),
            checksum_sha256: attributes.checksum("sha256"),
            ..Default::default()
        };
        let object = NewObject {
            bucket: input.bucket,
            key: input.key,
            size_bytes: received.size_bytes,
            etag,
            attributes,
            condition,
            cause: Cause::Put,
            upload: None,
        };
        self.store
            .run(move |inner| inner.commit(object, received.draft))
            .await?;
        Ok(S3Response::new(output))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let mut input = request.input;
        let read = Read::of_get(&mut input)?;
        let (row, file) = self
            .store
            .run(move |inner| inner.open_object(&input.bucket, &input.key))
            .await?;
        let (bytes, output) = read.answer(row)?;
        let body = send(file, bytes).map_err(S3Error::internal_error)?;
        Ok(S3Response::new(GetObjectOutput {
            body: Some(body),
            ..output
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let mut input = request.input;
        let read = Read::of_head(&mut input)?;
        let row = self
            .store
            .run(move |inner| inner.find(&input.bucket, &input.key))
            .await?;
        let (_, output) = read.answer(row)?;
        Ok(S3Response::new(head_output(output)))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        let timed = input.if_match_last_modified_time.is_some();
        current_version(input.version_id.as_deref())?;
        unconditional(input.if_match.is_some() || timed || input.if_match_size.is_some())?;
        let (bucket, key) = (input.bucket, input.key);
        self.store.run(move |inner| inner.delete(&bucket, &[key])).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        if delete.objects.is_empty() || delete.objects.len() > KEYS_MAX as usize {
            return Err(s3_error!(
                MalformedXML,
                "You must specify between 1 and 1000 keys"
            ));
        }
        for object in &delete.objects {
            current_version(object.version_id.as_deref())?;
            let timed = object.last_modified_time.is_some();
            unconditional(object.e_tag.is_some() || timed || object.size.is_some())?;
        }
        let keys: Vec<String> = delete.objects.into_iter().map(|object| object.key).collect();
        let quiet = delete.quiet.unwrap_or_default();
        let deleted = keys
            .iter()
            .filter(|_| !quiet)
            .map(|key| DeletedObject {
                key: Some(key.clone()),
                ..Default::default()
            })
            .collect();
        self.store.run(move |inner| inner.delete(&bucket, &keys)).await?;
        Ok(S3Response::new(DeleteObjectsOutput {
            deleted: Some(deleted),
            ..Default::default()
        }))
    }

    async fn copy_object(
        &self,
        request: S3Request<CopyObjectInput>,
    ) -> S3Result<S3Response<CopyObjectOutput>> {
        // S3 takes the two headers here too; `s3s` has no fields for them yet.
        let condition = |name: &str| {
            let header = request
                .headers
                .get(name)
                .map(|value| ETagCondition::parse_http_header(value.as_bytes()));
            header
                .transpose()
                .map_err(|error| s3_error!(error, InvalidArgument, "Not an ETag or *"))
        };
        let condition = WriteCondition::parse(condition("if-match")?, condition("if-none-match")?)?;
        let mut input = request.input;
        let CopySource::Bucket {
            bucket: source_bucket,
            key: source_key,
            version_id,
        } = input.copy_source
        else {
            return Err(s3_error!(
                NotImplemented,
                "The source of a copy must be a bucket and a key"
            ));
        };
        current_version(version_id.as_deref())?;
        let replace = input
            .metadata_directive
            .is_some_and(|directive| directive.as_str() == MetadataDirective::REPLACE);
        if !replace && *source_bucket == *input.bucket && *source_key == *input.key {
            return Err(s3_error!(
                InvalidRequest,
                "An object can be copied to itself only with new metadata"
            ));
        }
        let copy = Copy {
            source_bucket: source_bucket.into(),
            source_key: source_key.into(),
            source_conditions: ReadConditions {
                if_match: input.copy_source_if_match,
                if_none_match: input.copy_source_if_none_match,
                if_modified_since: input.copy_source_if_modified_since,
                if_unmodified_since: input.copy_source_if_unmodified_since,
            },
            attributes: if replace {
                Some(attributes_of!(input)?)
            } else {
                None
            },
            bucket: input.bucket,
            key: input.key,
            condition,
        };
        let (etag, modified_at_ms) = self.store.run(move |inner| inner.copy(copy)).await?;
        let result = CopyObjectResult {
            e_tag: Some(ETag::Strong(etag)),
            last_modified: Some(last_modified(modified_at_ms)),
            ..Default::default()
        };
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(result),
            ..Default::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let query = Query::parse(&input)?;
        let page = self.store.run(move |inner| inner.list(&query)).await?;
        Ok(S3Response::new(list_output(input, page)))
    }

    async fn list_object_versions(
        &self,
        request: S3Request<ListObjectVersionsInput>,
    ) -> S3Result<S3Response<ListObjectVersionsOutput>> {
        let input = request.input;
        let query = Query::of_versions(&input)?;
        let page = self.store.run(move |inner| inner.list(&query)).await?;
        Ok(S3Response::new(versions_output(input, page)))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let mut input = request.input;
        let attributes = attributes_of!(input)?;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let id = self
            .store
            .run(move |inner| inner.create_upload(&bucket, &key, &attributes))
            .await?;
        let output = CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let digests = Digests::announced_by(&request);
        let input = request.input;
        let upload = UploadRef {
            bucket: input.bucket,
            key: input.key,
            id: input.upload_id,
        };
        let number = input.part_number;
        let received = receive(self.store.bodies(), input.body, digests).await?;
        let mut checksums = received.digests.checksums.clone();
        let etag = self
            .store
            .run(move |inner| inner.put_part(&upload, number, received))
            .await?;
        let output = UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            checksum_crc32: checksums.remove("crc32"),
            checksum_crc32c: checksums.remove("crc32c"),
            checksum_crc64nvme: checksums.remove("crc64nvme"),
            checksum_sha1: checksums.remove("sha1"),
            checksum_sha256: checksums.remove("sha256"),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let condition = WriteCondition::parse(input.if_match, input.if_none_match)?;
        let parts = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let listed: Vec<(i32, String)> = parts
            .into_iter()
            .map(|part| Some((part.part_number?, part.e_tag?.into_value())))
            .collect::<Option<_>>()
            .ok_or_else(|| s3_error!(MalformedXML, "Every part needs its number and its ETag"))?;
        let upload = UploadRef {
            bucket: input.bucket.clone(),
            key: input.key.clone(),
            id: input.upload_id,
        };
        let etag = self
            .store
            .run(move |inner| inner.complete_upload(upload, &listed, condition))
            .await?;
        let output = CompleteMultipartUploadOutput {
            location: Some(format!("/{}/{}", input.bucket, input.key)),
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            ..Default::default()
        };
        Ok(S3Response::new(output))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let AbortMultipartUploadInput {
            bucket,
            key,
            upload_id: id,
            ..
        } = request.input;
        let upload = UploadRef { bucket, key, id };
        self.store.run(move |inner| inner.abort_upload(&upload)).await?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}

impl Operations {
    async fn require_bucket(&self, bucket: String) -> Result<(), S3Error> {
        let work = self
            .store
            .run(move |inner| inner.transact("find a bucket", |tx| require_bucket(tx, &bucket)));
        Ok(work.await?)
    }
}

/// Refuses a delete under conditions: ignoring them would delete what the caller meant to keep.
fn unconditional(conditional: bool) -> S3Result<()> {
    if conditional {
        return Err(s3_error!(
            NotImplemented,
            "Conditional deletes are not implemented"
        ));
    }
    Ok(())
}
