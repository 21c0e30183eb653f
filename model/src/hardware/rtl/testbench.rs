//! Testbench and run script of an exported module.

use std::fmt::Write as _;

use crate::hardware::netlist::{Netlist, Port};

/// Bits of some ports together.
fn bits(ports: &[Port]) -> u32 {
    ports.iter().map(Port::bits).sum()
}

/// A testbench that reads the vectors, compares all outputs in each cycle and ends with PASS or FAIL.
pub(super) fn text(netlist: &Netlist, name: &str, count: usize) -> String {
    let (inputs, outputs) = (bits(netlist.inputs()), bits(netlist.outputs()));
    let mut text = String::new();
    _ = writeln!(
        text,
        "// Compares every output of {name} with a vector file, cycle by cycle; +vectors=FILE names another file."
    );
    _ = writeln!(text, "`timescale 1ns / 1ps");
    _ = writeln!(text, "module {name}_tb;");
    _ = writeln!(text, "  localparam integer Count = {count};");
    _ = writeln!(text, "  localparam integer Inputs = {inputs};");
    _ = writeln!(text, "  localparam integer Outputs = {outputs};");
    _ = writeln!(text, "  reg clk = 1'b0;");
    _ = writeln!(text, "  reg [Inputs+Outputs-1:0] vectors [0:Count-1];");
    _ = writeln!(text, "  reg [Inputs-1:0] stimulus = {{Inputs{{1'b0}}}};");
    _ = writeln!(text, "  wire [Outputs-1:0] response;");
    _ = writeln!(text, "  reg [8*256-1:0] file;");
    _ = writeln!(text, "  integer cycle;");
    _ = writeln!(text, "  integer failures;\n");
    _ = writeln!(text, "  {name} dut (");
    _ = write!(text, "    .clk(clk)");
    for (ports, bus) in [
        (netlist.inputs(), "stimulus"),
        (netlist.outputs(), "response"),
    ] {
        let mut low = 0;
        for port in ports {
            let high = low + port.bits() - 1;
            _ = write!(text, ",\n    .{}({bus}[{high}:{low}])", port.name);
            low = high + 1;
        }
    }
    _ = writeln!(text, "\n  );\n");
    text.push_str(
        "  initial begin
    if (!$value$plusargs(\"vectors=%s\", file)) file = \"vectors.hex\";
    $readmemh(file, vectors);
    failures = 0;
    for (cycle = 0; cycle < Count; cycle = cycle + 1) begin
      stimulus = vectors[cycle][Inputs-1:0];
      #1;
      if (response !== vectors[cycle][Inputs+Outputs-1:Inputs]) failures = failures + 1;
      #1 clk = 1'b1;
      #1 clk = 1'b0;
    end
    if (failures == 0) $display(\"PASS %0d\", Count);
    else $display(\"FAIL %0d of %0d\", failures, Count);
    $finish;
  end
endmodule
",
    );
    text
}

/// A script for the tools that are on the machine.
pub(super) fn script(name: &str) -> String {
    format!(
        "#!/bin/sh
# Runs the vectors in Icarus Verilog and Verilator, and maps the module with Yosys; tools that are missing are named.
set -e
cd \"$(dirname \"$0\")\"
build=$(mktemp -d)
trap 'rm -rf \"$build\"' EXIT
have() {{ command -v \"$1\" > /dev/null 2>&1 || {{ echo \"missing: $1\"; return 1; }}; }}
if have iverilog; then
  iverilog -g2012 -o \"$build/simulation\" {name}.sv {name}_tb.sv
  echo \"icarus: $(vvp -n \"$build/simulation\" | tail -n 1)\"
fi
if have verilator; then
  verilator --lint-only -Wall --top-module {name} {name}.sv || echo \"verilator: lint\"
  verilator --binary --timing -Wno-fatal --Mdir \"$build/verilated\" --top-module {name}_tb {name}.sv {name}_tb.sv > \"$build/log\" 2>&1 || cat \"$build/log\"
  echo \"verilator: $(\"$build/verilated/V{name}_tb\" | grep -E '^(PASS|FAIL)')\"
fi
if have yosys; then
  yosys -p \"read_verilog -sv {name}.sv; synth -top {name}; stat\" | grep -E 'Number of cells|DFF' || true
fi
"
    )
}
