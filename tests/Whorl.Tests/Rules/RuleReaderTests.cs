using Whorl.Analysis.Rules.Language;
using Whorl.Kernel;
using Whorl.Kernel.Content;

namespace Whorl.Tests.Rules;

public sealed class RuleReaderTests
{
    [Fact]
    public void A_whole_rule_is_read()
    {
        RuleSource source = RuleReader.Read(new RuleText("a.yaml", """
            lists:
              names: [GPTBot, "$quoted"]
            thresholds: { block: 100, throttle: 50 }
            rules:
              - id: one
                version: 3
                description: Says so.
                references: [https://example.com/a]
                simulate: true
                when:
                  all:
                    - field: http.user_agent
                      token: [$names, Other]
                      case: sensitive
                    - not: { field: client.ip, cidr: 10.0.0.0/8 }
                weight: -5
                action: throttle
                tests:
                  - facts: { http.user_agent: GPTBot/1, client.ip: 192.0.2.1, http.header_count: 3, robots.disallowed: true }
                    match: true
            """));
        source.Faults.ShouldBeEmpty();
        RuleDefinition rule = source.Rules.ShouldHaveSingleItem();
        rule.Info.ShouldBe(new RuleInfo("one", 3, "Says so.", -5, DecisionAction.Throttle, Simulated: true));
        rule.References.ShouldBe(["https://example.com/a"]);
        rule.Place.ShouldBe(new ContentPlace("a.yaml", 5, 5));
        AllOf all = rule.When.ShouldBeOfType<AllOf>();
        TextComparison text = all.Conditions[0].ShouldBeOfType<TextComparison>();
        text.Values.ShouldBe(["GPTBot", "$quoted", "Other"]);
        text.CaseSensitive.ShouldBeTrue();
        all.Conditions[1].ShouldBeOfType<NotOf>().Inner.ShouldBeOfType<AddressComparison>();
        rule.Tests.ShouldHaveSingleItem().Facts.Number(Fields.HttpHeaderCount).ShouldBe(3);
        source.Thresholds.ShouldBe([new(50, DecisionAction.Throttle), new(100, DecisionAction.Block)]);
    }

    [Theory]
    [InlineData("field: http.pth\nequals: /a", "1:8: there is no field 'http.pth' (did you mean http.path?)")]
    [InlineData("field: http.path\nequal: /a", "2:1: a condition has no key 'equal' (did you mean equals?)")]
    [InlineData("field: http.path\ngreater: 5", "2:10: http.path is text, which has no greater (operators for it are equals, in, contains, token, prefix, suffix, regex, exists)")]
    [InlineData("field: http.header_count\ngreater: many", "2:10: greater needs a number, not 'many'")]
    [InlineData("field: http.header_count\ncontains: 5", "2:11: http.header_count is a number, which has no contains (operators for it are equals, in, greater, less, exists)")]
    [InlineData("field: client.direct\nequals: yes", "2:9: client.direct is true or false")]
    [InlineData("field: client.ip\ncidr: [10.0.0.0/8, 10.0.0.0/33]", "2:20: cidr needs an address or a prefix such as 203.0.113.0/24, not '10.0.0.0/33'")]
    [InlineData("field: http.path\nregex: '(a'", "2:8: this is not a regex: InsufficientClosingParentheses")]
    [InlineData("field: http.path\nregex: '(?=a)b'", "2:8: this regex needs backtracking (lookarounds, backreferences and atomic groups are not allowed; use all: and not: instead)")]
    [InlineData("field: http.path\nequals: []", "2:9: equals is an empty list")]
    [InlineData("field: http.path\nequals: ''", "2:9: equals must be a value or a list of values, none of them empty")]
    [InlineData("field: http.path\nequals: $absent", "2:9: there is no list 'absent' (put a text that begins with $ in quotes)")]
    [InlineData("field: http.path\nin: /a", "2:5: in takes a list (for one value write equals)")]
    [InlineData("field: http.path\nexists: maybe", "2:9: exists must be true or false")]
    [InlineData("field: http.path", "1:1: http.path is not compared with anything (operators for it are equals, in, contains, token, prefix, suffix, regex, exists)")]
    [InlineData("field: http.path\nequals: /a\nprefix: /b", "1:1: equals and prefix stand in one condition (write one condition for each under all:)")]
    [InlineData("equals: /a", "1:1: a condition needs a field")]
    [InlineData("{}", "1:1: this condition is empty")]
    [InlineData("all: []", "1:6: all must be a list with at least one condition")]
    [InlineData("all: [{}]", "1:7: this condition is empty")]
    [InlineData("any: [{ field: http.path, exists: true }]\nfield: http.path", "2:1: any and field stand side by side (give each condition its own item under all: or any:)")]
    [InlineData("field: http.path\nequals: /a\ncase: upper", "3:7: case must be sensitive or ignore (the default)")]
    [InlineData("just words", "1:1: a condition is all:, any: or not: with conditions, or a field with an operator")]
    public void A_fault_in_a_condition_is_named_with_its_place(string condition, string expected)
    {
        // The condition stands four lines down and six columns in.
        string text = "rules:\n  - id: one\n    version: 1\n    description: d\n    weight: 1\n    when:\n" + Indent(condition, 6);
        RuleReader.Read(new RuleText("f", text)).Faults.Select(fault => Shift(fault, 6, 6)).ShouldBe([expected]);
    }

    [Theory]
    [InlineData("rules: [{ id: One, version: 1, description: d, weight: 1, when: { field: http.path, exists: true } }]", "f:1:15: an id is made of small letters, digits and dashes, 64 at most")]
    [InlineData("rules: [{ id: a, version: 0, description: d, weight: 1, when: { field: http.path, exists: true } }]", "f:1:27: version must be a whole number from 1 to 1000000")]
    [InlineData("rules: [{ id: a, version: 1, description: d, weight: 1001, when: { field: http.path, exists: true } }]", "f:1:54: weight must be a whole number from -1000 to 1000")]
    [InlineData("rules: [{ id: a, version: 1, description: d, weight: 0, when: { field: http.path, exists: true } }]", "f:1:54: a weight of 0 does nothing (use simulate: true to watch a rule without effect)")]
    [InlineData("rules: [{ id: a, version: 1, description: d, when: { field: http.path, exists: true } }]", "f:1:9: a rule needs a weight, an action, or both")]
    [InlineData("rules: [{ id: a, version: 1, description: d, action: ban, when: { field: http.path, exists: true } }]", "f:1:54: an action is one of allow, block, captcha, challenge, charge, tarpit, throttle")]
    [InlineData("rules: [{ id: a, version: 1, description: d, weight: 1, references: [ftp://x], when: { field: http.path, exists: true } }]", "f:1:70: a reference is a web address that begins with https:// or http://")]
    [InlineData("rules: [{ id: a, version: 1, description: d, weight: 1, when: { field: http.path, exists: true }, tests: [{ facts: { http.header_count: x }, match: true }] }]", "f:1:137: http.header_count is a number")]
    [InlineData("rules: [{ id: a, version: 1, description: d, weight: 1, when: { field: http.path, exists: true }, tests: [{ facts: {} }] }]", "f:1:107: a test needs a match")]
    [InlineData("rule: []", "f:1:1: a rules file has no key 'rule' (did you mean rules?)")]
    [InlineData("rules: []", "f:1:8: rules must be a list with at least one item")]
    [InlineData("[]", "f:1:1: a rules file must be a map of lists, rules, thresholds, changes")]
    [InlineData("lists: { a: [] }", "f:1:10: the list a is empty")]
    [InlineData("lists: { A: [x] }", "f:1:10: a list is named with small letters, digits and dashes")]
    [InlineData("lists: { a: [x], a: [y] }", "f:1:18: the key a stands here twice")]
    [InlineData("thresholds: { block: 50, throttle: 60 }", "f:1:13: throttle at 60 must be stronger than block at 50")]
    [InlineData("thresholds: { allow: 50 }", "f:1:15: a score cannot allow: what no threshold stops is allowed")]
    [InlineData("thresholds: { block: 0 }", "f:1:22: a threshold is a whole number from 1 to 1000000")]
    [InlineData("changes: [{ rule: none, simulate: true }]", "f:1:11: there is no rule 'none'")]
    [InlineData("lists: &a { b: [x] }", "f:1:8: anchors and tags are not part of the rule language (use lists: for values that several rules share)")]
    [InlineData("lists: { a: [x] }\n---\nlists: { b: [x] }", "f:2:1: a rules file holds one YAML document (remove the line ---)")]
    [InlineData("rules: [", "f:2:1: this is not YAML")]
    [InlineData("lists:\n  a: [one, two:.\n  block: 100\nrules:\n  - id: one\n", "f:2:7: this is not YAML")]
    public void A_fault_in_a_file_is_named_with_its_place(string text, string expected) =>
        RuleReader.Read(new RuleText("f", text)).Faults.ShouldHaveSingleItem().ToString().ShouldStartWith(expected);

    [Fact]
    public void All_faults_of_all_files_are_found_at_once()
    {
        const string Rule = "rules:\n  - id: twin\n    version: 1\n    description: d\n    weight: 1\n    when: { field: http.path, exists: true }\n";
        RuleSource source = RuleReader.Read(
            new RuleText("b.yaml", Rule + "  - id: three\n    when: {}\n    colour: red\n    weight: 5000\n"),
            new RuleText("a.yaml", Rule));
        source.Faults.Select(fault => fault.ToString()).ShouldBe(
        [
            "a.yaml:2:9: there is another rule twin at b.yaml:2:9",
            "b.yaml:7:5: a rule needs a version",
            "b.yaml:7:5: a rule needs a description",
            "b.yaml:8:11: this condition is empty",
            "b.yaml:9:5: a rule has no key 'colour' (known are id, version, description, references, simulate, when, weight, action, tests)",
            "b.yaml:10:13: weight must be a whole number from -1000 to 1000",
        ]);
    }

    [Fact]
    public void Lists_serve_rules_of_other_files_and_changes_alter_rules_of_earlier_folders()
    {
        RuleSource source = RuleReader.Read(
            new RuleText("shipped", "rules:\n- { id: a, version: 1, description: d, action: block, when: { field: http.path, equals: $mine } }\n- { id: b, version: 1, description: d, weight: 5, when: { field: http.path, exists: true } }\nthresholds: { block: 100 }", 0),
            new RuleText("own", "lists: { mine: [/x] }\nchanges:\n- { rule: a, simulate: true, action: throttle }\n- { rule: b, enabled: false }\nthresholds: { tarpit: 10 }", 1));
        source.Faults.ShouldBeEmpty();
        source.Rules.ShouldHaveSingleItem().Info.ShouldBe(new RuleInfo("a", 1, "d", 0, DecisionAction.Throttle, Simulated: true));
        source.Thresholds.ShouldBe([new(10, DecisionAction.Tarpit)]);
    }

    [Fact]
    public void Nesting_has_a_limit()
    {
        string deep = string.Concat(Enumerable.Repeat("{ not: ", 200)) + "{ field: http.path, exists: true }" + string.Concat(Enumerable.Repeat(" }", 200));
        RuleReader.Read(new RuleText("f", $"rules:\n- {{ id: a, version: 1, description: d, weight: 1, when: {deep} }}")).Faults.ShouldNotBeEmpty();
    }

    [Fact]
    public void Every_truncation_of_a_shipped_file_is_read_or_refused_without_throwing()
    {
        string text = File.ReadAllText(Path.Combine(ShippedRules.Folder, "robots.yaml"));
        for (int length = 0; length < text.Length; length += 7)
        {
            RuleReader.Read(new RuleText("f", text[..length]));
        }
    }

    private static string Indent(string text, int columns) => string.Join('\n', text.Split('\n').Select(line => new string(' ', columns) + line));

    private static string Shift(ContentFault fault, int lines, int columns) =>
        (fault with { Place = fault.Place with { Line = fault.Place.Line - lines, Column = fault.Place.Column - columns } }).ToString()[(fault.Place.File.Length + 1)..];
}
