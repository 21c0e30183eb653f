//! The tile with the parts of the processing element and one hardware unit by itself.

use blockscape::plots::written::number_text;
use blockscape_model::hardware::technology;
use egui_kittest::kittest::Queryable as _;

use crate::driver::{Folder, activate, fill, press, settle, shown, shown_with, window};

#[test]
fn one_unit_is_costed_in_any_synthesis_flow() {
    let folder = Folder::new("unit");
    let mut window = window(&folder);
    press(&mut window, "Element");
    settle(&mut window);
    shown(&mut window, "products and tree");
    fill(
        &mut window,
        "Parameters of the unit",
        "m=9 n=5 lanes=16 acc=27",
    );
    let area = |flow| {
        let given = [
            ("m", "9"),
            ("n", "5"),
            ("lanes", "16"),
            ("acc", "27"),
            ("flow", flow),
        ];
        let node = technology("nangate45").unwrap();
        let report = node.unit_from_text("bfp_int_dot", &given).unwrap();
        number_text(report.area_um2)
    };
    let smallest = area("fa");
    assert!(
        window.query_all_by_label(&smallest).count() > 0,
        "{smallest}"
    );
    // Below the edge of the window, where no pointer reaches.
    activate(&mut window, "Synthesis flow");
    activate(&mut window, "fap@1000");
    let fast = area("fap@1000");
    assert_ne!(smallest, fast);
    assert!(window.query_all_by_label(&fast).count() > 0, "{fast}");
    fill(
        &mut window,
        "Parameters of the unit",
        "m=9 n=5 lanes=0 acc=27",
    );
    shown_with(&mut window, "1 to 4096");
}
