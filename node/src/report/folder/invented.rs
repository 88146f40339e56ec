//! Invented runs: nothing in them was measured, but they add up and have the shape of real ones.
//!
//! In: days, homes, replicas. Out: a [`Report`]. Refuses to know: what is tested with it.

use std::collections::BTreeMap;

use crate::report::histogram::Samples;
use crate::report::{
    Check, EventRow, EvidenceRow, Found, HomeRow, Latency, LiarRow, MessageRow, Prediction,
    ProcessRow, ReplicaRow, Report, RunInfo, SignRow, SlotRow, ViewRow,
};

const RETAIL: i64 = 300_000;
const FEED_IN: i64 = 80_000;
const ROOT: &str = "9f2c4a7be1d05386f1a94cce02b7d6e35a1f8c90774be2d3160f5a8bc4e79d21";

/// Numbers without a pattern: a linear congruential generator with Knuth's constants.
struct Noise(u64);

impl Noise {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((self.0 >> 33) % limit).expect("limits are small")
    }
}

/// A run of so many days, homes and replicas; without replicas it is a simulation.
pub(crate) fn run(days: u32, homes: u32, replicas: u16) -> Report {
    let slots = days * 96;
    let mut noise = Noise(u64::from(days * 1_000 + homes));
    let with_replicas = replicas > 0;
    Report {
        run: info(days, homes, replicas),
        checks: checks(replicas),
        slots: (0..slots).map(|slot| row(slot, i64::from(homes), &mut noise)).collect(),
        homes: (0..homes).map(|home| household(home, i64::from(days), &mut noise)).collect(),
        predictions: if with_replicas { predictions(f64::from(replicas)) } else { Vec::new() },
        latencies: if with_replicas { latencies(&mut noise) } else { Vec::new() },
        views: views(slots, replicas),
        diagram: if with_replicas { decision(replicas, &mut noise) } else { Vec::new() },
        replicas: (0..replicas).map(|replica| standing(replica, u64::from(slots))).collect(),
        liars: Vec::new(),
        signs: Vec::new(),
        evidence: Vec::new(),
        processes: processes(slots, replicas),
        events: if with_replicas { events(slots) } else { Vec::new() },
    }
}

fn info(days: u32, homes: u32, replicas: u16) -> RunInfo {
    let kind = if replicas == 0 { "simulate" } else { "trial" };
    RunInfo {
        kind: kind.to_owned(),
        command: format!(
            "gridquorum {kind} --replicas {replicas} --homes {homes} --days {days} \
                          --fault kill:0@slot=38,restart=60"
        ),
        commit: "0f3c9d2b7a".to_owned(),
        machine: "Invented processor, 2 cores, 24 GiB, linux".to_owned(),
        started: "2026-11-22T15:55:00Z".to_owned(),
        wall_us: 41_234_567,
        dataset: format!("synthetic neighbourhood, {homes} homes, {} slots", days * 96),
        seed: 1,
        homes,
        slots: days * 96,
        retail: RETAIL,
        feed_in: FEED_IN,
        rule: "nrgx-safe (top 0.19, r 0.50, alpha 0.10)".to_owned(),
        guarantees: "every request, vote and reply is signed with Ed25519 and checked; a vote is \
                     on disk before it leaves"
            .to_owned(),
        root: ROOT.to_owned(),
    }
}

fn checks(replicas: u16) -> Vec<Check> {
    let check = |claim: &str, detail: String| Check {
        claim: claim.to_owned(),
        found: Found::Holds,
        detail,
    };
    vec![
        check(
            "Every replica that was up at the end has the state root that the simulation computed \
             without consensus",
            format!("{replicas} of {replicas} report root {}", &ROOT[..16]),
        ),
        check(
            "No command was lost and none was executed twice",
            "2,345 sent, 2,345 answered".to_owned(),
        ),
        check(
            "Every home's bill, recomputed from the chain, equals the simulation's to the last \
             nano",
            "all of them".to_owned(),
        ),
        check(
            "Messages and signature checks per decision are exactly those of the formulas",
            "8 counts, all equal".to_owned(),
        ),
    ]
}

/// A slot that adds up: deviations, grid and operator follow from production, consumption and
/// contracts.
fn row(slot: u32, homes: i64, noise: &mut Noise) -> SlotRow {
    let quarter = i64::from(slot % 96);
    let sun = (24 * 24 - (quarter - 50) * (quarter - 50)).max(0) * (50 + noise.below(50));
    let production_wh = homes * sun / 100;
    let evening = (20 * 20 - (quarter - 76) * (quarter - 76)).max(0) / 2;
    let consumption_wh = homes * (90 + evening + noise.below(60));
    let local_wh = production_wh.min(consumption_wh);
    let volume_wh = local_wh * (60 + noise.below(30)) / 100;
    let price = (volume_wh > 0)
        .then(|| 120_000 + 60_000 * consumption_wh / (production_wh + consumption_wh));
    let buy = (500_000 * consumption_wh / (production_wh + consumption_wh)).clamp(170_000, RETAIL);
    let sell = FEED_IN + 110_000 * local_wh / production_wh.max(1).max(consumption_wh);
    let net = consumption_wh - production_wh;
    let (short, long) = (net.max(0) + noise.below(2_000), (-net).max(0));
    let (short, long) = (short, long + short - net.max(0));
    let (import, export) = (net.max(0), (-net).max(0));
    SlotRow {
        slot,
        price,
        buy,
        sell,
        volume_wh,
        production_wh,
        consumption_wh,
        local_wh,
        grid_import_wh: import,
        grid_export_wh: export,
        short_wh: short,
        long_wh: long,
        substituted_wh: 0,
        operator_nano: buy * short - sell * long - RETAIL * import + FEED_IN * export,
        orders: u32::try_from(homes * 2 - noise.below(5)).unwrap_or(0),
        missing: u32::from(slot % 61 == 60),
    }
}

fn household(home: u32, days: i64, noise: &mut Noise) -> HomeRow {
    let panels = noise.below(3) > 0;
    let import_wh = days * (4_000 + noise.below(9_000));
    let export_wh = if panels { days * (2_000 + noise.below(14_000)) } else { 0 };
    let without = FEED_IN * export_wh - RETAIL * import_wh;
    let saved = days
        * (import_wh / days * 22_000 + export_wh / days * 31_000 + noise.below(300_000_000)
            - 160_000_000);
    let score = 500 + noise.below(90) - 20;
    HomeRow {
        home,
        pv_w: if panels { 3_000 + noise.below(70).unsigned_abs() * 100 } else { 0 },
        battery_wh: if panels && home.is_multiple_of(3) { 7_500 } else { 0 },
        vehicle: home % 4 == 1,
        import_wh,
        export_wh,
        bought_wh: import_wh / 3,
        sold_wh: export_wh / 2,
        local_solar_wh: import_wh / 4,
        bill_nano: without + saved,
        grid_only_nano: without,
        score_before: 500,
        score_after: u16::try_from(score).expect("480 to 570"),
        reasons: vec![
            "short-history cost 310 points; to raise it: more settled slots; nothing else is \
             needed"
                .to_owned(),
            "deviation cost 74 points, last in slot 95; to raise it: order what you will use or \
             deliver"
                .to_owned(),
        ],
    }
}

fn predictions(n: f64) -> Vec<Prediction> {
    let row =
        |what: &str, formula: &str, predicted: f64, measured: f64, unit: &str, exact: bool| {
            Prediction {
                what: what.to_owned(),
                formula: formula.to_owned(),
                predicted,
                measured,
                unit: unit.to_owned(),
                exact,
            }
        };
    let messages = 2.0 * n * (n - 1.0) + n + 1.0;
    let votes = 2.0 * n * (n - 1.0);
    vec![
        row("messages", "2n(n-1) + n + 1", messages, messages, "per decision", true),
        row("signature checks of votes", "2n(n-1)", votes, votes, "per decision", true),
        row(
            "latency of one request, lower bound",
            "5 message delays of 58 µs (half a ping)",
            290.0,
            3_215.4,
            "µs, median",
            false,
        ),
    ]
}

fn latencies(noise: &mut Noise) -> Vec<Latency> {
    let mut all = Samples::new();
    let mut rows = Vec::new();
    for (kind, count, base) in
        [("order", 4_000, 3_000), ("reading", 2_000, 4_500), ("close", 192, 9_000)]
    {
        let mut samples = Samples::new();
        for _ in 0..count {
            let slow = if noise.below(100) == 0 { 40_000 + noise.below(900_000) } else { 0 };
            let us = base + noise.below(1_500) + noise.below(1_500) + noise.below(4_000) + slow;
            samples.record(us.unsigned_abs());
        }
        all.merge(&samples);
        rows.push(samples.latency(kind));
    }
    rows.insert(0, all.latency("all"));
    rows
}

/// Replica 0 is down from slot 38 to 60; the others go to view 1 at once, it follows when it is
/// back.
fn views(slots: u32, replicas: u16) -> Vec<ViewRow> {
    let up = |slot: u32, replica: u16| replica != 0 || !(38..60).contains(&slot);
    let rows = (0..slots).flat_map(|slot| (0..replicas).map(move |replica| (slot, replica)));
    let rows = rows.filter(|(slot, replica)| up(*slot, *replica));
    rows.map(|(slot, replica)| ViewRow { slot, replica, view: u64::from(slot >= 38) }).collect()
}

/// A run of a day on four replicas of which replica 2 lies, and is convicted.
pub(crate) fn with_a_liar() -> Report {
    let mut report = run(1, 6, 4);
    report.replicas[2] = ReplicaRow {
        replica: 2,
        lies: Some("equivocator".to_owned()),
        starts: 1,
        chain: "liars/replica-2".to_owned(),
        ..ReplicaRow::default()
    };
    report.liars = vec![LiarRow {
        replica: 2,
        adversary: "equivocator".to_owned(),
        verdict: "convicted".to_owned(),
        words: "two commits (first in view 0 at position 7; proof with replicas 1, 3)".to_owned(),
        accused_by: vec![1, 3],
    }];
    let sign = |replica: u16| SignRow {
        replica,
        sign: "messages that the protocol rejected".to_owned(),
        value: if replica == 2 { 1_234 } else { 5 },
        others: 5,
        suspect: replica == 2,
    };
    report.signs = (0..4).map(sign).collect();
    report.evidence = vec![EvidenceRow {
        accused: 2,
        offence: "two commits".to_owned(),
        view: 0,
        position: 7,
        held_by: vec![1, 3],
    }];
    report
}

/// A look per slot, at most a hundred; replica 0 has a second process after a while without any.
fn processes(slots: u32, replicas: u16) -> Vec<ProcessRow> {
    let looks = u64::from(slots.min(100));
    let rows = (0..looks).flat_map(|look| (0..replicas).map(move |replica| (look, replica)));
    let up = rows.filter(|(look, replica)| *replica != 0 || !(38..60).contains(look));
    let row = |(look, replica): (u64, u16)| ProcessRow {
        at_ms: look * 250,
        replica,
        start: if replica == 0 && look >= 60 { 2 } else { 1 },
        memory_kb: Some(24_000 + look * 20 + u64::from(replica) * 300),
        descriptors: Some(19 + look % 3),
    };
    up.map(row).collect()
}

fn events(slots: u32) -> Vec<EventRow> {
    let event =
        |slot: u32, what: &str| EventRow { slot: slot.min(slots - 1), what: what.to_owned() };
    vec![
        event(38, "replica 0 was killed"),
        event(38, "view 0 gave way to view 1"),
        event(60, "replica 0 was started again and had caught up after 412 ms"),
    ]
}

fn standing(replica: u16, slots: u64) -> ReplicaRow {
    let counters: BTreeMap<String, u64> = [
        ("commits", 3 * slots),
        ("prepares", 3 * slots),
        ("pre_prepares", slots),
        ("vote_checks", 1_234_567),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    ReplicaRow {
        replica,
        up: true,
        lies: None,
        root: ROOT.to_owned(),
        executed: slots * 5 + 1,
        view: 1,
        starts: if replica == 0 { 2 } else { 1 },
        counters,
        chain: format!("chains/replica-{replica}"),
    }
}

/// All messages of one decision with plausible times.
fn decision(replicas: u16, noise: &mut Noise) -> Vec<MessageRow> {
    let mut messages = Vec::new();
    let mut send = |kind: &str, from: Option<u16>, to: Option<u16>, sent_us: i64| {
        let received_us = sent_us + 60 + noise.below(120);
        messages.push(MessageRow { kind: kind.to_owned(), from, to, sent_us, received_us });
    };
    let others = |replica: u16| (0..replicas).filter(move |other| *other != replica);
    send("request", None, Some(0), 0);
    for backup in others(0) {
        send("pre-prepare", Some(0), Some(backup), 900);
    }
    for backup in others(0) {
        for other in others(backup) {
            send("prepare", Some(backup), Some(other), 1_500 + i64::from(backup) * 70);
        }
    }
    for replica in 0..replicas {
        for other in others(replica) {
            send("commit", Some(replica), Some(other), 2_300 + i64::from(replica) * 90);
        }
    }
    for replica in 0..replicas {
        send("reply", Some(replica), None, 3_050 + i64::from(replica) * 60);
    }
    messages
}
