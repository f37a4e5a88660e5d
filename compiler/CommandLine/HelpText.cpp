//===- HelpText.cpp - help, manual page and completion --------------------===//
//
// Texts about the command line, all made of its table.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "compiler/CommandLine/HelpText.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace fovea;
using namespace fovea::cli;
using llvm::StringRef;

static constexpr StringRef kOverview =
    "Compiles attention graphs (ONNX files, Hugging Face folders, MLIR) for this machine and runs "
    "them.";
static constexpr std::pair<int, StringRef> kExitCodes[] = {{0, "done"},
                                                           {1, "compared and differs"},
                                                           {2, "usage"},
                                                           {3, "bad or unsupported input"},
                                                           {4, "bug of the compiler"},
                                                           {5, "failure of the run"}};

void cli::printOverview(const OptionTable &table) {
  llvm::raw_ostream &out = llvm::outs();
  out << kOverview << "\n\nUsage: fovea VERB MODEL [options]\n\n";
  for (const auto &verb : table.getSubCommands())
    out << "  " << llvm::left_justify(verb.Name, 10) << verb.HelpText << "\n";
  out << "\n  fovea VERB --help   the options of a verb\n"
         "  fovea --version     the version\n"
         "  fovea --man         this as a manual page (fovea --man | man -l -)\n"
         "  fovea --bash-completion   a script for bash: eval \"$(fovea --bash-completion)\"\n\n"
         "Results go to stdout, everything else to stderr. Exit codes:\n";
  for (auto [code, meaning] : kExitCodes)
    out << "  " << code << "  " << meaning << "\n";
}

void cli::printHelp(const OptionTable &table, StringRef verb) {
  llvm::raw_ostream &out = llvm::outs();
  auto *found = llvm::find_if(table.getSubCommands(), [&](auto &sub) { return verb == sub.Name; });
  out << "fovea " << verb << ": " << found->HelpText << "\n\nUsage: " << found->Usage << "\n\n";
  for (const VerbOption &option : table.optionsOf(verb, /*listed=*/true)) {
    std::string name = option.spelling + (option.separate ? " " : "") + option.meta;
    out << "  " << llvm::left_justify(name, 22);
    if (name.size() >= 22)
      out << "\n" << std::string(24, ' ');
    out << option.help << "\n";
  }
}

/// Text with what roff would take for itself escaped.
static std::string roff(StringRef text) {
  std::string result;
  for (char c : text)
    result += c == '-' ? "\\-" : c == '\\' ? "\\e" : std::string(1, c);
  return StringRef(result).starts_with(".") ? "\\&" + result : result;
}

void cli::printManPage(const OptionTable &table) {
  llvm::raw_ostream &out = llvm::outs();
  out << ".TH FOVEA 1 \"\" \"fovea " << FOVEA_VERSION << "\" \"User Commands\"\n"
      << ".SH NAME\nfovea \\- compile and run attention graphs\n"
      << ".SH SYNOPSIS\n.B fovea\n.I VERB MODEL\n[options]\n"
      << ".SH DESCRIPTION\n"
      << roff(kOverview) << "\nResults go to standard output, everything else to standard error.\n";
  for (const auto &verb : table.getSubCommands()) {
    out << ".SH " << StringRef(verb.Name).upper() << "\n.B " << roff(verb.Usage) << "\n.PP\n"
        << roff(verb.HelpText) << ".\n";
    for (const VerbOption &option : table.optionsOf(verb.Name, /*listed=*/true)) {
      out << ".TP\n\\fB" << roff(option.spelling) << "\\fR";
      if (!option.meta.empty())
        out << (option.separate ? " " : "") << "\\fI" << roff(option.meta) << "\\fR";
      out << "\n" << roff(option.help) << "\n";
    }
  }
  out << ".SH EXIT STATUS\n";
  for (auto [code, meaning] : kExitCodes)
    out << ".TP\n.B " << code << "\n" << roff(meaning) << "\n";
}

void cli::printBashCompletion(const OptionTable &table) {
  llvm::raw_ostream &out = llvm::outs();
  // The last word is taken from the line: bash divides words at = as well.
  out << "# Completion of fovea's command line for bash; made by fovea --bash-completion.\n"
         "_fovea() {\n"
         "  local line=\"${COMP_LINE:0:COMP_POINT}\" options=\"\" values=\"\"\n"
         "  local word=\"${line##* }\"\n"
         "  COMPREPLY=()\n"
         "  if ((COMP_CWORD == 1)); then\n"
      << "    mapfile -t COMPREPLY < <(compgen -W '" << llvm::join(table.verbs(), " ")
      << " --help --version --man' -- \"$word\")\n"
         "    return\n"
         "  fi\n"
         "  case \"${COMP_WORDS[1]}\" in\n";
  std::map<std::string, std::vector<std::string>> values;
  for (const std::string &verb : table.verbs()) {
    std::vector<std::string> spellings;
    for (const VerbOption &option : table.optionsOf(verb, /*listed=*/true)) {
      spellings.push_back(option.spelling);
      if (!option.values.empty())
        values[option.spelling] = option.values;
    }
    out << "    " << verb << ") options='" << llvm::join(spellings, " ") << "' ;;\n";
  }
  out << "  esac\n"
         "  case \"$word\" in\n";
  for (const auto &[spelling, known] : values)
    out << "    " << spelling << "*) values='" << llvm::join(known, " ") << "' ;;\n";
  out << "  esac\n"
         "  if [[ \"$word\" == -*=* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"${word#*=}\")\n"
         "  elif [[ \"$word\" == -* ]]; then\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$options\" -- \"$word\")\n"
         "    [[ \"${COMPREPLY[0]}\" == *= ]] && compopt -o nospace 2> /dev/null\n"
         "  fi\n"
         "}\n"
         "complete -o default -F _fovea fovea\n";
}
