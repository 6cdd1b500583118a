//! `infra/template.yaml`, as far as the embedded cloud follows it: tables, what the bucket reports, how long a run of an upload
//! may take, how often an upload is tried, the schedules.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::s3::KeyFilter;

const TEMPLATE: &str = include_str!("../../template.yaml");

/// What the embedded cloud takes from the template.
#[derive(Clone, Debug)]
pub struct Template {
    /// Tables by their logical names.
    pub tables: Vec<(String, TableProperties)>,
    /// The keys whose new objects are reported to `upload-validation`.
    pub notified: Vec<KeyFilter>,
    /// How long a run of `upload-validation` may take.
    pub upload_time: Duration,
    /// Schedules by the logical name of the state machine that they start.
    pub schedules: Vec<(String, ScheduleProperties)>,
    /// Deliveries of an upload's notification before it is set aside.
    pub upload_receives_max: u32,
}

/// A table's properties.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TableProperties {
    /// Attribute types.
    pub attribute_definitions: Vec<AttributeProperties>,
    /// The primary key.
    pub key_schema: Vec<KeyProperties>,
    /// Indexes.
    #[serde(default)]
    pub global_secondary_indexes: Vec<IndexProperties>,
    /// The stream.
    pub stream_specification: StreamProperties,
    /// The attribute by which items expire.
    pub time_to_live_specification: ExpiryProperties,
}

/// How items expire.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExpiryProperties {
    /// The attribute with the instant, in seconds since the epoch.
    pub attribute_name: String,
}

/// An attribute's type.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AttributeProperties {
    /// Its name.
    pub attribute_name: String,
    /// `S` or `N`.
    pub attribute_type: String,
}

/// A part of a key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyProperties {
    /// Its name.
    pub attribute_name: String,
    /// `HASH` or `RANGE`.
    pub key_type: String,
}

/// An index.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IndexProperties {
    /// Its name.
    pub index_name: String,
    /// Its key.
    pub key_schema: Vec<KeyProperties>,
    /// What it holds.
    pub projection: ProjectionProperties,
}

/// What an index holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProjectionProperties {
    /// `ALL` or `KEYS_ONLY`.
    pub projection_type: String,
}

/// A table's stream.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StreamProperties {
    /// `NEW_IMAGE` or `NEW_AND_OLD_IMAGES`.
    pub stream_view_type: String,
}

/// A schedule.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ScheduleProperties {
    /// `cron(…)`
    pub schedule_expression: String,
    /// The zone it is read in.
    pub schedule_expression_timezone: String,
    /// The event, with `<aws.scheduler.scheduled-time>` for the instant.
    pub input: String,
}

/// The template does not say what the embedded cloud needs: a slip in the repository, found by a test.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is no YAML of the form expected.
    #[error("infra/template.yaml cannot be read: {0}")]
    Unreadable(String),
    /// Something is missing.
    #[error("infra/template.yaml has no {0}")]
    Missing(&'static str),
}

impl Template {
    /// The template of this repository.
    ///
    /// # Errors
    /// [`TemplateError`] when it does not say what is needed.
    pub fn load() -> Result<Self, TemplateError> {
        Self::parse(TEMPLATE)
    }

    fn parse(text: &str) -> Result<Self, TemplateError> {
        // An attribute of type `N` is no "no".
        let options = serde_saphyr::options! { strict_booleans: true };
        let template: Value = serde_saphyr::from_str_with_options(text, options)
            .map_err(|error| TemplateError::Unreadable(error.to_string()))?;
        let resources = template["Resources"]
            .as_object()
            .ok_or(TemplateError::Missing("Resources"))?;
        let mut tables = Vec::new();
        let mut schedules = Vec::new();
        let mut notified = Vec::new();
        for (name, resource) in resources {
            if resource["Type"] == "AWS::DynamoDB::Table" {
                tables.push((name.clone(), read(&resource["Properties"])?));
            }
            for event in resource["Properties"]["Events"]
                .as_object()
                .into_iter()
                .flat_map(|events| events.values())
            {
                if event["Type"] == "ScheduleV2" {
                    let properties = with_defaults(&event["Properties"], &template["Parameters"]);
                    schedules.push((name.clone(), read(&properties)?));
                }
            }
            if resource["Type"] == "AWS::S3::Bucket" {
                notified = filters_of(&resource["Properties"]["NotificationConfiguration"]);
            }
        }
        if notified.is_empty() {
            return Err(TemplateError::Missing("filter of the bucket's notifications"));
        }
        let upload_time = resources["UploadValidation"]["Properties"]["Timeout"]
            .as_u64()
            .ok_or(TemplateError::Missing("timeout of upload-validation"))?;
        let receives_max = &resources["Uploads"]["Properties"]["RedrivePolicy"]["maxReceiveCount"];
        let receives_max = receives_max.as_u64().and_then(|count| count.try_into().ok());
        Ok(Self {
            tables,
            notified,
            upload_time: Duration::from_secs(upload_time),
            schedules,
            upload_receives_max: receives_max
                .ok_or(TemplateError::Missing("maxReceiveCount of the uploads' queue"))?,
        })
    }

    /// The properties of a table by its logical name.
    ///
    /// # Errors
    /// [`TemplateError::Missing`] when there is none of that name.
    pub fn table(&self, name: &'static str) -> Result<&TableProperties, TemplateError> {
        self.tables
            .iter()
            .find(|(table, _)| table == name)
            .map(|(_, properties)| properties)
            .ok_or(TemplateError::Missing(name))
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: &Value) -> Result<T, TemplateError> {
    T::deserialize(value).map_err(|error| TemplateError::Unreadable(error.to_string()))
}

/// The properties with each `Ref` of a parameter replaced by the parameter's default.
fn with_defaults(properties: &Value, parameters: &Value) -> Value {
    let mut properties = properties.clone();
    for property in properties
        .as_object_mut()
        .into_iter()
        .flat_map(|all| all.values_mut())
    {
        let default = property["Ref"].as_str().map(|name| &parameters[name]["Default"]);
        if let Some(default) = default.filter(|default| !default.is_null()) {
            *property = default.clone();
        }
    }
    properties
}

fn filters_of(notifications: &Value) -> Vec<KeyFilter> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let filter_of = |queue: &Value| {
        let rules = list(&queue["Filter"]["S3Key"]["Rules"]);
        let value = |name: &str| {
            let rule = rules.iter().find(|rule| rule["Name"] == name);
            rule.and_then(|rule| rule["Value"].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        KeyFilter {
            prefix: value("prefix"),
            suffix: value("suffix"),
        }
    };
    list(&notifications["QueueConfigurations"])
        .iter()
        .map(filter_of)
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_template_says_what_the_embedded_cloud_needs() {
        let template = Template::load().expect("a sound template");
        let further_runs = KeyFilter {
            prefix: lake::UPLOADS.to_owned(),
            suffix: lake::RUN_SUFFIX.to_owned(),
        };
        assert!(template.upload_receives_max > 1);
        assert_eq!(template.notified, [KeyFilter::under(lake::INBOX), further_runs]);
        assert_eq!(
            template.table("OrdersTable").expect("a table").key_schema[0].attribute_name,
            "order_id"
        );
        let records = template.table("RecordsTable").expect("a table");
        assert_eq!(records.global_secondary_indexes.len(), 2);
        let scheduled: BTreeSet<&str> = template
            .schedules
            .iter()
            .map(|(function, _)| function.as_str())
            .collect();
        assert_eq!(
            scheduled,
            BTreeSet::from(["Nightly", "MonthlyReport", "OrderHistory"])
        );
    }
}
