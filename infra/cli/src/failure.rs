//! How a command fails: one clear sentence, and the exit status that says whose fault it is.

use std::borrow::Cow;
use std::fmt;
use std::path::Path;

use domain::with_causes;
use local::{CloudError, ServeError};

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct CommandError {
    status: u8,
    /// English, or English and Chinese with ` | ` between them, as details of findings are.
    sentence: String,
}

impl CommandError {
    /// Bad usage, or input that cannot be read.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self {
            status: 2,
            sentence: sentence.into(),
        }
    }

    /// There is no cloud where one is asked about.
    pub(crate) fn no_cloud(data_dir: &Path) -> Self {
        Self::usage(format!(
            "nothing was uploaded under {0} yet; name the place with --data-dir | {0} 下还没有上传过任何数据；请用 --data-dir 指定数据目录",
            data_dir.display()
        ))
    }

    /// The service failed.
    pub(crate) fn service(sentence: impl Into<String>) -> Self {
        Self {
            status: 3,
            sentence: sentence.into(),
        }
    }

    /// The service failed of `error`; its causes are told once, here.
    pub(crate) fn caused(error: &dyn std::error::Error) -> Self {
        Self::service(with_causes(error))
    }

    /// Input that cannot be read, because of `error`.
    pub(crate) fn unreadable(error: &dyn std::error::Error) -> Self {
        Self::usage(with_causes(error))
    }

    /// The sentence in one language. What has no Chinese (the causes of a service) is introduced in Chinese.
    pub(crate) fn in_language(&self, is_chinese: bool) -> Cow<'_, str> {
        match (self.sentence.split_once(" | "), is_chinese) {
            (Some((english, _)), false) => Cow::Borrowed(english),
            (Some((_, chinese)), true) => Cow::Borrowed(chinese),
            (None, false) => Cow::Borrowed(&self.sentence),
            (None, true) if self.sentence.is_ascii() => {
                Cow::Owned(format!("命令未能完成：{}", self.sentence))
            }
            (None, true) => Cow::Borrowed(&self.sentence),
        }
    }

    pub(crate) fn status(&self) -> u8 {
        self.status
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_language(false))
    }
}

impl From<CloudError> for CommandError {
    fn from(error: CloudError) -> Self {
        match error {
            // What the operator chose cannot be used; the cloud itself is not at fault.
            CloudError::InUse { .. } => Self::usage(format!(
                "{error} | 数据目录正被另一个 waymark 进程使用；请等待其结束，或用 --data-dir 指定其他目录"
            )),
            CloudError::OtherPolicy { .. } => Self::usage(format!(
                "{error} | 该数据目录使用的是另一份规则文件；如需更换，请执行 `waymark policy set FILE`"
            )),
            CloudError::Served { .. } | CloudError::Directory { .. } | CloudError::Policy { .. } => {
                Self::usage(error.to_string())
            }
            _ => Self::caused(&error),
        }
    }
}

impl From<ServeError> for CommandError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Port { .. } => Self::usage(error.to_string()),
            ServeError::Cloud(error) => error.into(),
        }
    }
}

impl From<store::StoreError> for CommandError {
    fn from(error: store::StoreError) -> Self {
        Self::caused(&error)
    }
}

impl From<lake::LakeError> for CommandError {
    fn from(error: lake::LakeError) -> Self {
        Self::caused(&error)
    }
}

impl From<entrypoint::Failure> for CommandError {
    fn from(error: entrypoint::Failure) -> Self {
        Self::service(error.to_string())
    }
}
