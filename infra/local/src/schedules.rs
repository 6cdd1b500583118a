//! Schedules: when the template's `cron(…)` expressions fall due.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use croner::Cron;
use domain::{Timestamp, Zone};

use crate::template::{ScheduleProperties, Template};

/// What a schedule starts: one of the template's state machines, or a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// `Nightly`: both scans, the close and the digest.
    Night,
    /// `MonthlyReport`
    Report,
    /// `OrderHistory`: the day's compaction of the lake.
    Compaction,
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
#[error("the schedule of {starts} cannot be read: {reason}")]
pub struct ScheduleError {
    starts: String,
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
            .map(|(starts, properties)| Self::of(starts, properties))
            .collect()
    }

    fn of(starts: &str, properties: &ScheduleProperties) -> Result<Self, ScheduleError> {
        let error = |reason: String| ScheduleError {
            starts: starts.to_owned(),
            reason,
        };
        let job = match starts {
            "Nightly" => Job::Night,
            "MonthlyReport" => Job::Report,
            "OrderHistory" => Job::Compaction,
            _ => return Err(error("no such state machine or function here".to_owned())),
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

    /// What fell due after `after` and by `until`, in the order of its instants: also every night of a time asleep.
    pub fn due(schedules: &[Self], after: Timestamp, until: Timestamp) -> Vec<(Timestamp, Job)> {
        let mut due = Vec::new();
        for schedule in schedules {
            let mut next = schedule.next_after(after);
            while let Some(at) = next.filter(|at| *at <= until) {
                due.push((at, schedule.job));
                next = schedule.next_after(at);
            }
        }
        due.sort_by_key(|(at, _)| *at);
        due
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
            next(Job::Night, "2024-03-09T12:00:00Z").as_deref(),
            Some("2024-03-10T08:15:00Z")
        );
        assert_eq!(
            next(Job::Night, "2024-03-10T12:00:00Z").as_deref(),
            Some("2024-03-11T07:15:00Z")
        );
        assert_eq!(
            next(Job::Report, "2024-03-05T00:00:00Z").as_deref(),
            Some("2024-04-04T07:30:00Z")
        );
    }

    #[test]
    fn every_night_of_a_time_asleep_falls_due_in_order() {
        let schedules = Schedule::all(&Template::load().expect("a template")).expect("schedules");
        let at = |text: &str| text.parse().expect("an instant");
        let due = Schedule::due(&schedules, at("2024-04-02T12:00:00Z"), at("2024-04-04T12:00:00Z"));
        let due: Vec<(String, Job)> = due.into_iter().map(|(at, job)| (at.to_string(), job)).collect();
        let expected = [
            ("2024-04-02T12:30:00Z", Job::Compaction),
            ("2024-04-03T07:15:00Z", Job::Night),
            ("2024-04-03T12:30:00Z", Job::Compaction),
            ("2024-04-04T07:15:00Z", Job::Night),
            ("2024-04-04T07:30:00Z", Job::Report),
        ];
        assert_eq!(due, expected.map(|(at, job)| (at.to_owned(), job)));
    }
}
