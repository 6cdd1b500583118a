//! Schedules: when the template's `cron(…)` expressions fall due.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;
use domain::{Timestamp, Zone};

use crate::template::{ScheduleProperties, Template};

/// A scheduled function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// `StallScan`
    StallScan,
    /// `SignoffScan`
    SignoffScan,
    /// `EligibilityReport`
    EligibilityReport,
}

/// One schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// What it starts.
    pub job: Job,
    cron: Cron,
    zone: Zone,
}

/// A schedule of the template that is not understood: a slip in the repository, found by a test.
#[derive(Debug, thiserror::Error)]
#[error("the schedule of {function} cannot be read: {reason}")]
pub struct ScheduleError {
    function: String,
    reason: String,
}

impl Schedule {
    /// The template's schedules.
    ///
    /// # Errors
    /// [`ScheduleError`] for one that is not understood.
    pub fn all(template: &Template) -> Result<Vec<Self>, ScheduleError> {
        template
            .schedules
            .iter()
            .map(|(function, properties)| Self::of(function, properties))
            .collect()
    }

    fn of(function: &str, properties: &ScheduleProperties) -> Result<Self, ScheduleError> {
        let error = |reason: String| ScheduleError {
            function: function.to_owned(),
            reason,
        };
        let job = match function {
            "StallScan" => Job::StallScan,
            "SignoffScan" => Job::SignoffScan,
            "EligibilityReport" => Job::EligibilityReport,
            _ => return Err(error("no such function here".to_owned())),
        };
        let expression = properties
            .schedule_expression
            .strip_prefix("cron(")
            .and_then(|rest| rest.strip_suffix(')'));
        let fields: Vec<&str> = expression.unwrap_or_default().split_whitespace().collect();
        // AWS: minute hour day month weekday year, with `?` for "whichever".
        let [minute, hour, day, month, weekday, "*"] = fields[..] else {
            return Err(error(format!(
                "`{}` is not cron(minute hour day month weekday *)",
                properties.schedule_expression
            )));
        };
        let any = |field: &str| field.replace('?', "*");
        let pattern = format!("{minute} {hour} {} {month} {}", any(day), any(weekday));
        let cron = Cron::from_str(&pattern).map_err(|reason| error(reason.to_string()))?;
        let zone = properties
            .schedule_expression_timezone
            .parse()
            .map_err(|_| error("no such time zone".to_owned()))?;
        Ok(Self { job, cron, zone })
    }

    /// The first instant strictly after `after` at which it falls due.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after: DateTime<Utc> = DateTime::from_timestamp(after.unix(), 0)?;
        let next = self
            .cron
            .find_next_occurrence(&after.with_timezone(&self.zone), false)
            .ok()?;
        Some(Timestamp::from(next.with_timezone(&Utc)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_schedules_fall_due_in_the_platform_zone() {
        let schedules = Schedule::all(&Template::load().expect("a template")).expect("schedules");
        let next = |job: Job, after: &str| {
            let schedule = schedules
                .iter()
                .find(|schedule| schedule.job == job)
                .expect("a schedule");
            schedule
                .next_after(after.parse().expect("an instant"))
                .map(|at| at.to_string())
        };
        assert_eq!(
            next(Job::StallScan, "2024-03-09T12:00:00Z").as_deref(),
            Some("2024-03-10T08:15:00Z")
        );
        assert_eq!(
            next(Job::SignoffScan, "2024-03-10T12:00:00Z").as_deref(),
            Some("2024-03-11T07:15:00Z")
        );
        assert_eq!(
            next(Job::EligibilityReport, "2024-03-05T00:00:00Z").as_deref(),
            Some("2024-04-04T07:30:00Z")
        );
    }
}
