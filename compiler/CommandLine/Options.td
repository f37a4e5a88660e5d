//===- Options.td - verbs and options of the command line ------*- tablegen -*-===//
//
// The one list of what can be typed: parsing, help, suggestions, the manual page and completion
// are made of it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
include "llvm/Option/OptParser.td"

def compile : SubCommand<"compile", "compile a model to an artefact (.fvm)",
  "fovea compile MODEL [-o FILE] [options]">;
def run : SubCommand<"run", "run a model or an artefact on given or random inputs",
  "fovea run MODEL|FILE.fvm [options]">;
def verify : SubCommand<"verify", "compare a compiled model with a reference",
  "fovea verify MODEL [options]">;
def bench : SubCommand<"bench", "measure runs beside the machine's peak",
  "fovea bench MODEL|FILE.fvm [options]">;
def explain : SubCommand<"explain", "say how each operation is computed, and why so",
  "fovea explain MODEL|FILE.fvm [options]">;
def inspect : SubCommand<"inspect", "describe a model or an artefact",
  "fovea inspect MODEL|FILE.fvm [options]">;
def doctor : SubCommand<"doctor", "check this machine", "fovea doctor [options]">;

defvar all = [compile, run, verify, bench, explain, inspect, doctor];
defvar runs = [run, verify, bench];
defvar compiles = [compile, run, verify, bench, explain];
defvar reads = [compile, run, verify, bench, explain, inspect];

// --name=VALUE, also as --name VALUE.
// `values` are the words that a shell completes, with commas between.
multiclass Value<string name, string meta, string help, list<SubCommand> verbs,
                 string values = ""> {
  def "" : Joined<["--"], name # "=", verbs>, HelpText<help>, MetaVarName<meta>, Values<values>;
  def _apart : Separate<["--"], name, verbs>, Alias<!cast<Option>(NAME)>;
}

def output : Separate<["-"], "o", [compile]>, MetaVarName<"FILE">,
  HelpText<"where the result goes; - for stdout (default: named like the model)">;
defm target : Value<"target", "NAME",
  "host (default), levels of CPUs, cuda[:sm_90], reference; see fovea doctor",
  !listconcat(compiles, [doctor]), "host,x86-64-v3,x86-64-v4,armv8-a,cuda,reference">;
def emulate : Flag<["--"], "emulate", compiles>,
  HelpText<"with target cuda: run its kernels on this processor, checked">;
defm emulate_seed : Value<"emulate-seed", "N",
  "of emulated kernels: the order of threads, and when copies land (default 0)",
  [run, verify]>;
defm threads : Value<"threads", "N", "threads of a run (default: the CPUs allowed)",
  !listconcat(compiles, [doctor])>;
defm dim : Value<"dim", "NAME=N", "fix a symbolic dimension; may be repeated", reads>;
defm size : Value<"size", "NAME=N", "size of a dimension that stays symbolic in the code", runs>;
defm input : Value<"input", "NAME=SPEC",
  "@FILE.npy, randn:SEED, randint:LOW:HIGH:SEED, ones, zeros", runs>;
defm out : Value<"out", "FILE.npz", "write the outputs under their names", [run]>;
defm entry : Value<"entry", "NAME", "function to run (default: the first)", runs>;
defm ref : Value<"ref", "WHAT", "reference (default), onnx, or @FILE.npz with expected outputs",
  [verify], "reference,onnx,@">;
defm emit : Value<"emit", "KIND", "fvm (default), mlir, llvm, asm, obj or so", [compile],
  "fvm,mlir,llvm,asm,obj,so">;
defm stop_after : Value<"stop-after", "PHASE",
  "write the module after import, graph, schedule, kernel or llvm, and stop", [compile],
  "import,graph,schedule,kernel,llvm">;
defm dump_folder
    : Value<"dump", "DIR", "write the module after each phase into a folder", compiles>;
defm pass_plugin : Value<"pass-plugin", "FILE",
  "load a library with passes, which is native code; may be repeated", compiles>;
defm after : Value<"after", "PHASE:PASSES",
  "run passes at the end of a phase, e.g. graph:canonicalize; may be repeated", compiles,
  "import:,graph:,schedule:,kernel:,llvm:">;
defm optimization : Value<"optimization", "N", "0 to 3 (default): effort of code generation",
  compiles, "0,1,2,3">;
defm recurrent_weights : Value<"recurrent-weights", "T",
  "stored (default), or i8: constant weights of recurrences in 8 bits",
  compiles, "stored,i8">;
defm device_blocks : Value<"device-blocks", "N",
  "with target cuda: blocks at the same time, for which decoding splits keys", compiles>;
defm products : Value<"products", "T",
  "exact (default), or tf32: operands of f32 rounded for tensor cores (cuda)",
  compiles, "exact,tf32">;
def require_fused : Flag<["--"], "require-fused", compiles>,
  HelpText<"refuse a model with a kernel that is not computed by its best form">;
def address_sanitizer : Flag<["--"], "address-sanitizer", [compile]>,
  HelpText<"instrument loads and stores">;
def measure : Flag<["--"], "measure", [doctor]>,
  HelpText<"measure multiply-adds (with --target's registers) and reads at their fastest">;
def slices : Flag<["--"], "slices", [doctor]>,
  HelpText<"measure as lines of stdin ask, 'multiply MS' or 'read MS'; answer in JSON">;
defm repeat_ms : Value<"time", "MS", "milliseconds to measure for (default 1000)", [bench]>;
def every_kernel : Flag<["-"], "v", [explain]>, HelpText<"list every kernel">;
def json : Flag<["--"], "json", all>, HelpText<"print the result as JSON">;
def json_file : Joined<["--"], "json=", all>, MetaVarName<"FILE">,
  HelpText<"write the result as JSON to a file as well">;
def quiet : Flag<["-"], "q", all>, HelpText<"say nothing on stderr but errors">;
// Whoever reads the list has found it.
def help : Flag<["--"], "help", all>;
def help_short : Flag<["-"], "h", all>, Alias<help>;
def version : Flag<["--"], "version">, HelpText<"the version">;
def man : Flag<["--"], "man">, HelpText<"the manual page">;
def bash_completion : Flag<["--"], "bash-completion">, HelpText<"a script for bash">;
