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
    english: String,
    /// `None` where nobody has written it: it is then introduced in Chinese.
    chinese: Option<String>,
}

impl CommandError {
    /// `sentence` is English, or English and Chinese with ` | ` between them, as details of findings are.
    fn new(status: u8, sentence: String) -> Self {
        let (english, chinese) = match sentence.split_once(" | ") {
            Some((english, chinese)) => (english.to_owned(), Some(chinese.to_owned())),
            None => (sentence, None),
        };
        Self {
            status,
            english,
            chinese,
        }
    }

    /// Bad usage, or input that cannot be read.
    pub(crate) fn usage(sentence: impl Into<String>) -> Self {
        Self::new(2, sentence.into())
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
        Self::new(3, sentence.into())
    }

    /// The service failed of `error`; its causes are given once, here.
    pub(crate) fn caused(error: &dyn std::error::Error) -> Self {
        Self::caused_in("命令未能完成", error)
    }

    /// As [`Self::caused`], where a part of the service is known to have failed. The causes are technical and stay English.
    fn caused_in(part_in_chinese: &str, error: &dyn std::error::Error) -> Self {
        let english = with_causes(error);
        Self {
            status: 3,
            chinese: Some(format!("{part_in_chinese}：{english}")),
            english,
        }
    }

    /// The error as it reads, and in Chinese.
    fn both(status: u8, error: &dyn std::error::Error, chinese: String) -> Self {
        Self {
            status,
            english: error.to_string(),
            chinese: Some(chinese),
        }
    }

    /// Input that cannot be read, because of `error`.
    pub(crate) fn unreadable(error: &dyn std::error::Error) -> Self {
        Self {
            status: 2,
            ..Self::caused_in("无法读取输入", error)
        }
    }

    /// The sentence in one language. What has no Chinese is introduced in Chinese.
    pub(crate) fn in_language(&self, is_chinese: bool) -> Cow<'_, str> {
        match (&self.chinese, is_chinese) {
            (_, false) => Cow::Borrowed(&self.english),
            (Some(chinese), true) => Cow::Borrowed(chinese),
            (None, true) => Cow::Owned(format!("命令未能完成：{}", self.english)),
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
        // What the operator chose cannot be used, or the cloud itself is at fault.
        let (status, chinese) = match &error {
            CloudError::InUse { path } => (
                2,
                format!(
                    "数据目录 {} 正被另一个 waymark 进程使用；请等待其结束，或用 --data-dir 指定其他目录",
                    path.display()
                ),
            ),
            CloudError::OtherPolicy { path, .. } => (
                2,
                format!(
                    "{} 使用的是另一份规则文件；如需更换，请执行 `waymark policy set FILE`",
                    path.display()
                ),
            ),
            CloudError::Served { path } => (
                2,
                format!(
                    "`waymark up` 正在使用数据目录 {}；请先按 Ctrl-C 停止，或用 --data-dir 指定其他目录",
                    path.display()
                ),
            ),
            CloudError::Directory { path, reason } => {
                (2, format!("数据目录 {} 无法使用：{reason}", path.display()))
            }
            CloudError::Policy { path, reason } => (
                2,
                format!(
                    "规则文件 {} 无法使用（{reason}）；请用 `waymark policy set FILE` 更换",
                    path.display()
                ),
            ),
            CloudError::Corrupt { path, reason } => (
                3,
                format!(
                    "{} 已损坏（{reason}）；请移走该数据目录重新开始，或从备份恢复",
                    path.display()
                ),
            ),
            CloudError::Unusable { what, reason } => (3, format!("本地模拟云出错（{what}）：{reason}")),
            CloudError::Function { function, reason } => (3, format!("函数 {function} 执行失败：{reason}")),
            CloudError::Template(_) => return Self::caused_in("部署模板无法读取", &error),
        };
        Self::both(status, &error, chinese)
    }
}

impl From<ServeError> for CommandError {
    fn from(error: ServeError) -> Self {
        match error {
            ServeError::Port {
                port,
                service,
                ref source,
            } => {
                let chinese =
                    format!("{service} 的端口 {port} 无法使用：{source}；请用 --{service}-port 指定其他端口");
                Self::both(2, &error, chinese)
            }
            ServeError::Cloud(error) => error.into(),
        }
    }
}

impl From<store::StoreError> for CommandError {
    fn from(error: store::StoreError) -> Self {
        Self::caused_in("数据表读写失败", &error)
    }
}

impl From<lake::LakeError> for CommandError {
    fn from(error: lake::LakeError) -> Self {
        Self::caused_in("存储桶读写失败", &error)
    }
}

impl From<entrypoint::Failure> for CommandError {
    fn from(error: entrypoint::Failure) -> Self {
        Self::service(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_of_the_service_begins_with_a_chinese_sentence() {
        let path = || std::path::PathBuf::from("数据");
        let reason = || "os error 13".to_owned();
        let errors: Vec<CommandError> = vec![
            CloudError::Directory {
                path: path(),
                reason: reason(),
            }
            .into(),
            CloudError::InUse { path: path() }.into(),
            CloudError::Served { path: path() }.into(),
            CloudError::Corrupt {
                path: path(),
                reason: reason(),
            }
            .into(),
            CloudError::Policy {
                path: path(),
                reason: reason(),
            }
            .into(),
            CloudError::Unusable {
                what: "the table",
                reason: reason(),
            }
            .into(),
            CloudError::Function {
                function: "stall-scan",
                reason: reason(),
            }
            .into(),
            ServeError::Port {
                port: 80,
                service: "s3",
                source: std::io::Error::from_raw_os_error(13),
            }
            .into(),
            CommandError::service("an order of 店铺 failed"),
            CommandError::caused(&std::io::Error::from_raw_os_error(13)),
        ];
        for error in errors {
            let chinese = error.in_language(true);
            let lead: String = chinese.chars().take(40).collect();
            assert!(!lead.replace("数据", "").is_ascii(), "{chinese}");
            assert!(
                error.in_language(false).is_ascii()
                    || error.english.contains("数据")
                    || error.english.contains("店铺")
            );
            assert!(chinese.contains('：') || chinese.contains('；'), "{chinese}");
        }
    }
}
