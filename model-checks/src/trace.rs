//! A counterexample as a person reads it: one line per step, who received what, and what it did.
//!
//! In: a model and moves. Out: lines with aligned columns. Refuses to know: why the moves are a
//! counterexample.

use consensus::action::Action;
use consensus::classic::message::{Message, ViewChange};
use consensus::classic::prepared::PreparedCertificate;
use consensus::classic::record::Record;
use consensus::event::{Event, Timer};
use consensus::ids::{Digest, ReplicaId, View};
use stateright::Model;

use crate::classic::{Classic, Move};
use crate::replica::{Deed, Subject};
use crate::transitions::Stimulus;

/// The moves from the first world on, as lines; the first is the heading.
pub fn lines<P: Subject>(model: &Classic<P>, moves: &[Move]) -> Vec<String> {
    let mut rows =
        vec![["step", "replica", "what happens to it", "what it does"].map(str::to_owned)];
    let mut world = model.init_states().swap_remove(0);
    for (number, step) in (1..).zip(moves) {
        let mut machine = model.machine(&world, step.at);
        let mut deeds = Vec::new();
        let mut happens = Vec::new();
        let last = step.stimuli.len().saturating_sub(1);
        for (index, stimulus) in step.stimuli.iter().enumerate() {
            let event = event(model, *stimulus);
            happens.push(stimulus_text(model, *stimulus));
            let most = step.crash.filter(|_| index == last).unwrap_or(usize::MAX);
            let done = machine.step_partly(event, most).expect("a step of the model is accepted");
            deeds.extend(done.deeds.iter().filter_map(|deed| deed_text(model, deed)));
            machine = done.machine;
        }
        if step.crash.is_some() {
            deeds.push("CRASHES and restarts".to_owned());
            let restarted = machine.restart(model.config(step.at));
            deeds.extend(restarted.deeds.iter().filter_map(|deed| deed_text(model, deed)));
        }
        let row = [number.to_string(), step.at.to_string(), happens.join(" + "), deeds.join("; ")];
        rows.push(row);
        world = model.next_state(&world, step.clone()).expect("a step of the model leads on");
    }
    align(&rows)
}

fn align(rows: &[[String; 4]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let line = |row: &[String; 4]| {
        let [a, b, c] = widths;
        let text = format!("{:>a$}  {:<b$}  {:<c$}  {}", row[0], row[1], row[2], row[3]);
        text.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn event<P: Subject>(model: &Classic<P>, stimulus: Stimulus) -> Event<Message> {
    match stimulus {
        Stimulus::Letter(id) => Event::Received(model.message(id)),
        Stimulus::Expiry => Event::Expired(Timer::View),
    }
}

fn stimulus_text<P: Subject>(model: &Classic<P>, stimulus: Stimulus) -> String {
    match stimulus {
        Stimulus::Letter(id) => message_text(model, &model.message(id)),
        Stimulus::Expiry => "patience runs out".to_owned(),
    }
}

fn message_text<P: Subject>(model: &Classic<P>, message: &Message) -> String {
    let vote = |name: &str, view: View, digest: &Digest, from: ReplicaId| {
        format!("{name} {} of {from} in view {view}", model.name(digest))
    };
    match message {
        Message::Propose(p) => {
            let vote_of = &p.pre_prepare;
            vote("pre-prepare", vote_of.view, &vote_of.digest, vote_of.from)
        }
        Message::Prepare(v) => vote("prepare", v.view, &v.digest, v.from),
        Message::Commit(v) => vote("commit", v.view, &v.digest, v.from),
        Message::ViewChange(v) => change_text(model, v),
        Message::NewView(new_view) => {
            let shown: Vec<_> = new_view.view_changes.iter().map(|v| v.from.to_string()).collect();
            let proposes: Vec<_> =
                new_view.pre_prepares.iter().map(|p| model.name(&p.digest)).collect();
            let proposes = if proposes.is_empty() { "nothing".into() } else { proposes.join(",") };
            format!("new-view {} from {} proposes {proposes}", new_view.view, shown.join(","))
        }
        Message::Proposal(p) => format!("batch {}", model.name(&p.batch.digest())),
        Message::Decisions(decisions) => {
            let held = decisions.iter().map(|d| &d.certificate);
            let names: Vec<_> =
                held.map(|c| format!("{} of view {}", model.name(&c.digest), c.view)).collect();
            format!("decision {}", names.join(", "))
        }
        other => other.name().to_owned(),
    }
}

fn change_text<P: Subject>(model: &Classic<P>, vote: &ViewChange) -> String {
    let claims: Vec<_> = vote.prepared.iter().map(|held| held_text(model, held)).collect();
    let claims = if claims.is_empty() { "nothing prepared".into() } else { claims.join(", ") };
    format!("view-change {} of {} ({claims})", vote.view, vote.from)
}

fn held_text<P: Subject>(model: &Classic<P>, held: &PreparedCertificate) -> String {
    format!("{} prepared in view {}", model.name(&held.digest()), held.view())
}

/// What is worth a word: promises, messages, executions.
fn deed_text<P: Subject>(model: &Classic<P>, deed: &Deed) -> Option<String> {
    Some(match deed {
        Action::Persist { record } => format!("persists {}", record_text(model, record)),
        Action::Broadcast { message } | Action::Send { message, .. } => {
            let text = match message {
                Message::Status(_) | Message::Request(_) | Message::Fetch(_) => return None,
                message => message_text(model, message),
            };
            format!("sends {text}")
        }
        Action::Execute { decision, .. } => {
            let held = &decision.certificate;
            format!("EXECUTES {} decided in view {}", model.name(&held.digest), held.view)
        }
        Action::Skip { .. } => "EXECUTES nothing".to_owned(),
        _ => return None,
    })
}

fn record_text<P: Subject>(model: &Classic<P>, record: &Record) -> String {
    match record {
        Record::Voted { pre_prepare, .. } => format!("vote {}", model.name(&pre_prepare.digest)),
        Record::Prepared(held) => held_text(model, held),
        Record::Left(vote) => format!("leaving for view {}", vote.view),
        Record::Entered(new_view) => format!("view {}", new_view.view),
        Record::Stable(held) => format!("checkpoint {}", held.seq),
        Record::Manifest(m) => format!("manifest of {}", m.certificate.seq),
        Record::Chunk(_) => "a chunk of a state".to_owned(),
    }
}
