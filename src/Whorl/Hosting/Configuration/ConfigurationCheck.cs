using System.Reflection;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Hosting.Configuration;

/// <summary>Finds every fault of a configuration at once: keys nobody reads, values of the wrong type, values out of range.</summary>
internal static class ConfigurationCheck
{
    public static IReadOnlyList<string> Run(IServiceProvider services, IConfiguration configuration)
    {
        List<string> faults = [];
        List<OptionsSection> sections = [.. services.GetServices<OptionsSection>()];
        foreach (IConfigurationSection child in configuration.GetChildren())
        {
            OptionsSection? section = sections.Find(known => string.Equals(known.Name, child.Key, StringComparison.OrdinalIgnoreCase));
            if (section is not null)
            {
                FindUnknown(child, section.Options, faults);
            }
            else if (!string.Equals(child.Key, "Logging", StringComparison.OrdinalIgnoreCase))
            {
                faults.Add($"{child.Key}: no such section; there are {string.Join(", ", sections.Select(known => known.Name).Order(StringComparer.Ordinal))}");
            }
        }

        foreach (OptionsSection section in sections)
        {
            Validate(services, section, faults);
        }

        return faults;
    }

    private static void FindUnknown(IConfigurationSection section, Type type, List<string> faults)
    {
        foreach (IConfigurationSection child in section.GetChildren())
        {
            PropertyInfo? property = type.GetProperty(child.Key, BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase);
            if (property is null)
            {
                string[] known = [.. type.GetProperties(BindingFlags.Instance | BindingFlags.Public).Select(p => p.Name)];
                faults.Add($"{child.Path}: no such key; there are {string.Join(", ", known)}");
            }
            else if (ItemType(property.PropertyType) is { } item)
            {
                foreach (IConfigurationSection element in child.GetChildren())
                {
                    FindUnknown(element, item, faults);
                }
            }
            else if (IsOptions(property.PropertyType))
            {
                FindUnknown(child, property.PropertyType, faults);
            }
        }
    }

    private static Type? ItemType(Type type)
    {
        Type? item = type.IsArray ? type.GetElementType() : type.IsGenericType ? type.GetGenericArguments()[^1] : null;
        return item is not null && IsOptions(item) ? item : null;
    }

    private static bool IsOptions(Type type) => type.IsClass && type.Assembly == typeof(ConfigurationCheck).Assembly;

    private static void Validate(IServiceProvider services, OptionsSection section, List<string> faults)
    {
        try
        {
            Type monitor = typeof(IOptions<>).MakeGenericType(section.Options);
            object options = services.GetRequiredService(monitor);
            _ = monitor.GetProperty(nameof(IOptions<>.Value))!.GetValue(options);
        }
        catch (TargetInvocationException wrapped) when (wrapped.InnerException is OptionsValidationException fault)
        {
            faults.AddRange(fault.Failures.Select(failure => $"{section.Name}:{failure}"));
        }
        catch (TargetInvocationException wrapped) when (wrapped.InnerException is InvalidOperationException fault)
        {
            // The binder: a value that is no number, time span or name of an enum.
            faults.Add(fault.Message);
        }
    }
}
