//! Settings: read once, from the environment, and failing by name.

/// Names of what the functions work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `WAYMARK_ORDERS_TABLE`
    pub orders_table: String,
    /// `WAYMARK_RECORDS_TABLE`
    pub records_table: String,
    /// `WAYMARK_BUCKET`
    pub bucket: String,
    /// `WAYMARK_POLICY`, `WAYMARK_POLICY_SHA256`: a policy file to use in place of the shipped one.
    pub policy: Option<PolicyObject>,
    /// `WAYMARK_SHADOW_POLICY`, `WAYMARK_SHADOW_POLICY_SHA256`: a policy file to assess as well as the one in force, without
    /// posting.
    pub shadow_policy: Option<PolicyObject>,
}

/// A policy file of the bucket. Its text is named too: an instance that finds another one under the key does not start, so
/// all instances of a stack work by one text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyObject {
    /// The bucket's key.
    pub key: String,
    /// The SHA-256 of its bytes, as 64 hexadecimal digits.
    pub sha256: String,
}

impl PolicyObject {
    /// The key and the SHA-256.
    pub fn named(&self) -> (&str, &str) {
        (&self.key, &self.sha256)
    }
}

/// A setting that cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// It is absent or empty.
    #[error("{0} is not set")]
    Missing(&'static str),
}

impl Settings {
    /// Reads the environment.
    ///
    /// # Errors
    /// [`SettingsError::Missing`] with the first name that is absent or empty.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::from(|name| std::env::var(name).ok())
    }

    /// The policy file to use in place of the shipped one: its key and its SHA-256.
    pub fn policy(&self) -> Option<(&str, &str)> {
        self.policy.as_ref().map(PolicyObject::named)
    }

    /// The policy file to assess without posting: its key and its SHA-256.
    pub fn shadow_policy(&self) -> Option<(&str, &str)> {
        self.shadow_policy.as_ref().map(PolicyObject::named)
    }

    fn from(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let optional = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(SettingsError::Missing(name));
        let object = |key, sha256| match optional(key) {
            Some(key) => Ok(Some(PolicyObject {
                key,
                sha256: required(sha256)?.to_ascii_lowercase(),
            })),
            None => Ok(None),
        };
        Ok(Self {
            orders_table: required("WAYMARK_ORDERS_TABLE")?,
            records_table: required("WAYMARK_RECORDS_TABLE")?,
            bucket: required("WAYMARK_BUCKET")?,
            policy: object("WAYMARK_POLICY", "WAYMARK_POLICY_SHA256")?,
            shadow_policy: object("WAYMARK_SHADOW_POLICY", "WAYMARK_SHADOW_POLICY_SHA256")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_setting_is_named() {
        let settings = Settings::from(|name| (name != "WAYMARK_BUCKET").then(|| "x".to_owned()));
        assert_eq!(
            settings.expect_err("no bucket").to_string(),
            "WAYMARK_BUCKET is not set"
        );
        let settings = Settings::from(|name| {
            Some(if name == "WAYMARK_POLICY" {
                String::new()
            } else {
                name.to_lowercase()
            })
        });
        let settings = settings.expect("all there");
        assert_eq!(settings.policy(), None);
        assert_eq!(
            settings.shadow_policy(),
            Some(("waymark_shadow_policy", "waymark_shadow_policy_sha256"))
        );
    }

    #[test]
    fn a_policy_is_named_by_its_key_and_its_text() {
        for missing in ["WAYMARK_POLICY_SHA256", "WAYMARK_SHADOW_POLICY_SHA256"] {
            let settings = Settings::from(|name| (name != missing).then(|| "x".to_owned()));
            assert_eq!(settings, Err(SettingsError::Missing(missing)));
        }
    }
}
