//! How a run failed, and whether the same event may succeed later.

use std::error::Error;
use std::fmt;

use domain::with_causes;
use lambda_runtime::Diagnostic;

/// A run that failed. Bad input is no failure: it is an outcome.
#[derive(Debug)]
pub enum Failure {
    /// A retry may help: a throttle, an outage, a lost race.
    Retryable(Box<dyn Error + Send + Sync>),
    /// A retry cannot help: we have a bug, or the deployment is wrong.
    Permanent(Box<dyn Error + Send + Sync>),
}

impl Failure {
    /// A failure that a retry may mend when `retryable`.
    pub fn of(error: impl Into<Box<dyn Error + Send + Sync>>, retryable: bool) -> Self {
        if retryable {
            Self::Retryable(error.into())
        } else {
            Self::Permanent(error.into())
        }
    }

    fn cause(&self) -> &(dyn Error + Send + Sync) {
        match self {
            Self::Retryable(cause) | Self::Permanent(cause) => cause.as_ref(),
        }
    }
}

impl fmt::Display for Failure {
    /// The error and its causes, each once.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&with_causes(self.cause()))
    }
}

impl Error for Failure {}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        let error_type = match failure {
            Failure::Retryable(_) => "Retryable",
            Failure::Permanent(_) => "Permanent",
        };
        tracing::error!(error = %failure, error_type, "the run failed");
        Self {
            error_type: error_type.to_owned(),
            error_message: failure.to_string(),
        }
    }
}
