using System.Collections;
using System.CommandLine;
using System.Globalization;
using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Whorl.Hosting;
using Whorl.Kernel;
using Whorl.Tests.Support;

namespace Whorl.Tests.Reference;

/// <summary>docs/reference is written by the code it describes; a change of an option, field or verb is a visible diff there.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void The_configuration_reference_is_current()
    {
        WebApplicationBuilder builder = WhorlHost.CreateBuilder(RoleTable.All, new ConfigurationBuilder().Build());
        IEnumerable<OptionsSection> sections = builder.Services.Select(service => service.ImplementationInstance).OfType<OptionsSection>().OrderBy(section => section.Name, StringComparer.Ordinal);
        StringBuilder text = new("""
            # Configuration

            Written from the code by `./dev accept`. A key `Edge:Listen` is `Listen` under `Edge` in whorl.yaml or whorl.json, and `WHORL_Edge__Listen` in the environment
            (`WHORL_Edge__Listen__0` for the first of a list). `whorl config check` names every fault at once.

            """);
        foreach (OptionsSection section in sections)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {section.Name}\n\n{XmlSummaries.Of(section.Options)}\n\n| key | type | default | meaning |\n|---|---|---|---|\n");
            Rows(text, section.Name, section.Options);
        }

        Accepted.ShouldBe("docs/reference/configuration.md", text.ToString());
    }

    [Fact]
    public void The_field_reference_is_current()
    {
        StringBuilder text = new("""
            # Observations and fields

            Written from the code by `./dev accept`. An observation is a CloudEvents 1.0 event; its `data` is one flat JSON object with the names below.
            Rules, the filter of the console, the API and the command line use the same names.

            ## Fields

            | name | type | meaning |
            |---|---|---|

            """);
        foreach (Field field in Fields.All)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{field.Name}` | {field.Type.ToString().ToLowerInvariant()} | {field.Summary} |\n");
        }

        text.Append("| `http.header.NAME` | text | A request header by its lower-case name; several are joined by a comma and a space. In rules only. |\n");
        text.Append("""

            ## http.request

            One request at the edge. Beside the fields above, as far as they are known:

            | name | type | meaning |
            |---|---|---|
            | `edge.site` | text | Name of the site that was asked for. |
            | `edge.upstream` | text | Address of the server that answered; absent where Whorl answered itself. |
            | `http.status` | number | Status of the answer. |
            | `http.response_bytes` | number | Bytes of the answer's body. |
            | `http.duration_us` | number | Microseconds from the request's head to the end of the answer. |
            | `verdict.action` | text | What was done: `allow`, `throttle`, `challenge`, `captcha`, `charge`, `tarpit`, `block`. |
            | `http.fault` | text | Why the request was refused unread; docs/operate/edge.md says what each name means. Then only what could be read of it is here. |
            | `http.repeats` | number | With `http.fault`: further malformed requests of the same address within the same second, which this observation stands for. |
            | `verdict.cause` | text | `none`, `decision`, `rule`, `score`, or `malformed` for a request refused unread. |
            | `verdict.score` | number | Sum of the weights of the rules that matched. |
            | `verdict.rule` | text | Id of the rule that named the action. |
            | `verdict.rules` | list | Every rule that matched: id, version, weight, action, simulated, description. |
            | `verdict.decision` | object | The decision that was found: id, scope, action, simulated, origin, scenario, reason. |
            | `verdict.would_be` | text | What would have been done if simulated rules and decisions counted; only where that differs. |

            ## edge.summary

            What one edge saw in one second with traffic; exact also where single observations were dropped.

            | name | type | meaning |
            |---|---|---|
            | `edge.requests` | number | Requests that ended in this second. |
            | `edge.verdicts` | object | Requests by verdict. |
            | `edge.statuses` | object | Requests by class of status. |
            | `edge.dropped` | number | Observations dropped because a queue was full. |
            | `edge.top` | list | Clients with the most requests (bounded): client.ip, requests, refused. |
            | `edge.duration_us_p50`, `edge.duration_us_p99` | number | Time to answer. |

            ## capture.summary

            What the capture of one node saw since its last summary: once a second with traffic, at once when an interface comes or goes, and every 30 seconds otherwise.
            The numbers stand there for all interfaces together, and again in each entry of `capture.interfaces`.

            | name | type | meaning |
            |---|---|---|
            | `capture.frames` | number | Frames read. |
            | `capture.bytes` | number | Bytes of these frames. |
            | `capture.drops` | number | Frames the kernel had no room for. |
            | `capture.freezes` | number | How often a ring was full. |
            | `capture.observations` | number | Observations handed over. |
            | `capture.dropped` | number | Observations dropped because a queue was full. |
            | `capture.evictions` | number | Conversations, SYNs and hosts forgotten before their time because their place was needed. |
            | `capture.flows` | number | Conversations followed now. |
            | `capture.off` | text | Why there is nothing to listen on; absent where there is. |
            | `capture.interfaces` | list | For each interface: `capture.interface`, `capture.state` (`listening` or `failed`), `capture.reason` and `capture.hint` where it failed, and its share of the numbers. |

            """);
        foreach (ObservationChapter chapter in ObservationKinds.Chapters)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## {chapter.Title}\n\n{chapter.Introduction}\n\n");
            Attributes(text, chapter.Common);
            foreach (ObservationKind kind in chapter.Kinds)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n## {kind.Name}{(kind.Name == "http.request" ? " in captures" : "")}\n\n{kind.Summary}\n\n");
                Attributes(text, kind.Fields);
            }
        }

        Accepted.ShouldBe("docs/reference/observations.md", text.ToString());
    }

    [Fact]
    public void The_command_line_reference_is_current()
    {
        StringBuilder text = new("# Command line\n\nWritten from the code by `./dev accept`. Data goes to standard output, talk to standard error. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 partly done.\n");
        Describe(text, WhorlCommandLine.Create(), "");
        Accepted.ShouldBe("docs/reference/cli.md", text.ToString());
    }

    private static void Attributes(StringBuilder text, IEnumerable<ObservedField> fields)
    {
        text.Append("| name | type | meaning |\n|---|---|---|\n");
        foreach (ObservedField field in fields)
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{field.Name}` | {field.Type.ToString().ToLowerInvariant()} | {field.Meaning} |\n");
        }
    }

    private static void Describe(StringBuilder text, Command command, string path)
    {
        string name = path.Length == 0 ? "whorl" : $"{path} {command.Name}";
        if (path.Length > 0)
        {
            string arguments = string.Concat(command.Arguments.Select(argument => $" {argument.Name.ToUpperInvariant()}"));
            text.Append(CultureInfo.InvariantCulture, $"\n## {name}{arguments}\n\n{command.Description}\n");
        }

        if (command.Options.Any(option => option is not System.CommandLine.Help.HelpOption and not VersionOption))
        {
            text.Append("\n| option | meaning |\n|---|---|\n");
            foreach (Option option in command.Options.Where(option => option is not System.CommandLine.Help.HelpOption and not VersionOption))
            {
                string names = string.Join(", ", option.Aliases.Prepend(option.Name).Select(alias => $"`{alias}`"));
                text.Append(CultureInfo.InvariantCulture, $"| {names}{(option.HelpName is null ? "" : " " + option.HelpName)} | {option.Description?.ReplaceLineEndings(" ").Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            }
        }

        foreach (Command child in command.Subcommands)
        {
            Describe(text, child, name);
        }
    }

    private static void Rows(StringBuilder text, string path, Type type)
    {
        object? defaults = type.GetConstructor(Type.EmptyTypes)?.Invoke(null);
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Where(property => property.SetMethod is not null))
        {
            Type value = property.PropertyType;
            Type? item = value.IsGenericType && value != typeof(string) && typeof(IEnumerable).IsAssignableFrom(value) ? value.GetGenericArguments()[^1] : null;
            bool nested = (item ?? value).Assembly == type.Assembly && (item ?? value).IsClass;
            text.Append(CultureInfo.InvariantCulture, $"| `{path}:{property.Name}` | {NameOf(value, item)} | {DefaultOf(property.Name == "Name" && path == "Node" ? null : property.GetValue(defaults), nested)} | {XmlSummaries.Of(property).Replace("|", "\\|", StringComparison.Ordinal)} |\n");
            if (nested)
            {
                Rows(text, $"{path}:{property.Name}{(item is null ? "" : ":*")}", item ?? value);
            }
        }
    }

    private static string NameOf(Type type, Type? item)
    {
        if (item is not null)
        {
            return typeof(IDictionary).IsAssignableFrom(type) ? $"map of {NameOf(item, null)}" : $"list of {NameOf(item, null)}";
        }

        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type.IsEnum => string.Join(", ", Enum.GetNames(type)),
            _ when type == typeof(string) => "text",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(TimeSpan) => "time (h:mm:ss)",
            _ when type.IsPrimitive => "number",
            _ => "section",
        };
    }

    private static string DefaultOf(object? value, bool nested) => value switch
    {
        null or "" => "",
        IEnumerable list and not string => nested ? "" : string.Join(", ", list.Cast<object>().Select(entry => $"`{entry}`")),
        _ when nested => "",
        bool flag => flag ? "`true`" : "`false`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };
}
