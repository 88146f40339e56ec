//! Trials in which a replica lies: the report says what the others found out, and is wrong about nobody.

use std::path::Path;

use consensus::adversary::Adversary;

use crate::world::{Scratch, run};

/// Slots of the days played here.
const SLOTS: u32 = 10;

/// Four homes over some quarter hours around noon: two with panels that deliver, two that draw.
fn few_slots(scratch: &Scratch) -> String {
    let folder = scratch.path("noon");
    std::fs::create_dir_all(&folder).expect("writable");
    let mut rows = "timestamp_unix_utc,load_w_0,load_w_1,load_w_2,load_w_3,pv_pu_0\n".to_owned();
    for slot in 0..SLOTS {
        let (time, load) = (1_700_000_100 + 900 * slot, 300 + 40 * slot);
        rows += &format!("{time},{load},{},900,1200,0.6\n", 2 * load);
    }
    std::fs::write(folder.join("homes_15min.csv"), rows).expect("writable");
    folder.to_string_lossy().into_owned()
}

/// Plays the days with replica 0 lying; the report's own account.
fn trial(days: &str, report: &Path, adversary: Adversary) -> serde_json::Value {
    let (fault, folder) = (format!("lie:0={adversary}"), report.to_string_lossy());
    let output = run(&["trial", "--data", days, "--fault", &fault, "--report", &folder]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{adversary}: {said}");
    assert!(said.contains(&format!("replica 0, {adversary}: ")), "{adversary}: {said}");
    let bytes = std::fs::read(report.join("run.json")).expect("a report");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// What became of the check whose claim begins like this.
fn found<'a>(account: &'a serde_json::Value, claim: &str) -> &'a serde_json::Value {
    let checks = account["checks"].as_array().expect("checks");
    let is = |check: &&serde_json::Value| {
        check["claim"].as_str().is_some_and(|words| words.starts_with(claim))
    };
    &checks.iter().find(is).unwrap_or_else(|| panic!("no claim {claim:?}"))["found"]
}

/// Each adversary as the first primary: the days end as the simulation says for every honest replica, message counts
/// are not claimed, nobody honest is accused, and whoever says nothing, leaves others out or passes on their votes is
/// suspected. Whoever signs contradictions is convicted with proof that an offline audit of the report checks: of these
/// adversaries each contradicts itself before one and the same replica while it leads.
#[test]
fn the_report_says_what_was_found_out_about_a_liar() {
    let scratch = Scratch::new("found-out");
    let days = few_slots(&scratch);
    for adversary in Adversary::ALL {
        let report = scratch.path(adversary.name());
        let account = trial(&days, &report, adversary);
        let liar = &account["liars"][0];
        assert_eq!((&liar["replica"], &liar["adversary"]), (&0.into(), &adversary.name().into()));
        assert_eq!(account["slots"].as_array().map(Vec::len), Some(SLOTS as usize));
        assert_eq!(account["verdict"], "not-checked", "{adversary}: for the counts");
        assert_eq!(found(&account, "Messages and signature checks"), "not-checked");
        assert_eq!(found(&account, "No honest replica is accused"), "holds");
        assert_eq!(account["replicas"][0]["lies"], adversary.name());
        let evidence = account["evidence"].as_array().expect("a list");
        assert!(evidence.iter().all(|piece| piece["accused"] == 0), "{adversary}: {evidence:?}");
        let verdict = liar["verdict"].as_str().expect("a word");
        match adversary {
            Adversary::Equivocator | Adversary::Usurper | Adversary::Mutator | Adversary::Twins => {
                assert_eq!(verdict, "convicted", "{liar}");
                assert!(!evidence.is_empty());
                assert_eq!(found(&account, "Every liar that signs"), "holds");
                let audit = run(&["audit", &report.to_string_lossy()]);
                let said = String::from_utf8_lossy(&audit.stdout).into_owned();
                assert_eq!(audit.status.code(), Some(0), "{said}");
                assert!(said.contains("replica 0: two "), "{adversary}: {said}");
            }
            Adversary::Silent | Adversary::Censor | Adversary::Replayer => {
                assert_eq!(verdict, "suspected", "{adversary}: {liar}");
                assert!(evidence.is_empty(), "{adversary} contradicts itself nowhere");
            }
        }
    }
}
