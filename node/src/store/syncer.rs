//! A thread that waits for the disk, so that nothing else has to.
//!
//! In: what has to be written and to become durable, in order. Out: word that it is, once per round of waiting.
//! Refuses to know: what is written, and who waits for it.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::log::{Debt, LogError};

/// The end that gives work. The thread ends when it is dropped.
#[derive(Debug)]
pub struct Syncer {
    jobs: Sender<Vec<Debt>>,
    done: UnboundedReceiver<Result<u64, LogError>>,
}

impl Syncer {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// If the machine gives no thread.
    pub fn start() -> std::io::Result<Self> {
        let ((jobs, work), (report, done)) = (channel(), unbounded_channel());
        thread::Builder::new().name("disk".to_owned()).spawn(move || serve(&work, &report))?;
        Ok(Self { jobs, done })
    }

    /// Has these written, in this order, each durable before the next is begun if it is to be. One word comes back
    /// for each call.
    pub fn begin(&self, debts: Vec<Debt>) {
        // The thread ends only when this sender is gone.
        let _ = self.jobs.send(debts);
    }

    /// Waits for the end of the call of [`Syncer::begin`] that began first; how many files had to be waited for.
    ///
    /// # Errors
    ///
    /// [`LogError`]; the process must stop then.
    pub async fn end(&mut self) -> Result<u64, LogError> {
        match self.done.recv().await {
            Some(done) => done,
            None => std::future::pending().await, // the thread outlives this value
        }
    }
}

fn serve(work: &Receiver<Vec<Debt>>, report: &UnboundedSender<Result<u64, LogError>>) {
    for debts in work {
        let paid = debts.into_iter().try_fold(0, |files, debt| Ok(files + u64::from(debt.pay()?)));
        if report.send(paid).is_err() {
            return;
        }
    }
}
