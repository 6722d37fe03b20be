using System.Reflection;
using Microsoft.Extensions.Logging;
using Whorl.Hosting;

namespace Whorl.Tests.Boundaries;

/// <summary>Numbers by which operators' systems tell messages apart.</summary>
public sealed class EventIdTests
{
    private static readonly (string Module, string Method, int Id)[] Events =
    [
        .. from type in typeof(WhorlHost).Assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
           let message = method.GetCustomAttribute<LoggerMessageAttribute>()
           where message is not null
           select (string.Join('.', type.Namespace!.Split('.').Take(3)), $"{type.Name}.{method.Name}", message.EventId),
    ];

    [Fact]
    public void Every_message_has_a_number_of_its_own()
    {
        Events.Length.ShouldBeGreaterThan(50);
        Events.GroupBy(each => each.Id).Where(same => same.Count() > 1).Select(same => $"{same.Key}: {string.Join(", ", same.Select(each => each.Method))}").ShouldBeEmpty();
    }

    [Fact]
    public void Every_module_has_its_own_thousand() =>
        Events.GroupBy(each => each.Id / 1000).Where(block => block.Select(each => each.Module).Distinct().Count() > 1)
            .Select(block => $"{block.Key}000: {string.Join(", ", block.Select(each => each.Module).Distinct())}").ShouldBeEmpty();
}
