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
    /// `WAYMARK_POLICY`: the bucket's key of a policy file to use in place of the shipped one.
    pub policy_key: Option<String>,
    /// `WAYMARK_SHADOW_POLICY`: the bucket's key of a policy file to assess beside the one in force, without posting.
    pub shadow_policy_key: Option<String>,
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

    fn from(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, SettingsError> {
        let optional = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| optional(name).ok_or(SettingsError::Missing(name));
        Ok(Self {
            orders_table: required("WAYMARK_ORDERS_TABLE")?,
            records_table: required("WAYMARK_RECORDS_TABLE")?,
            bucket: required("WAYMARK_BUCKET")?,
            policy_key: optional("WAYMARK_POLICY"),
            shadow_policy_key: optional("WAYMARK_SHADOW_POLICY"),
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
        assert_eq!(settings.policy_key, None);
        assert_eq!(
            settings.shadow_policy_key.as_deref(),
            Some("waymark_shadow_policy")
        );
    }
}
