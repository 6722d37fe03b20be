using Microsoft.Extensions.Options;

namespace Whorl.Kernel;

/// <summary>Options of a module: one class for one top-level key of the configuration.</summary>
internal interface IModuleOptions
{
    static abstract string Section { get; }
}

/// <summary>A section that some module reads; keys outside all sections, and unknown keys inside one, are faults.</summary>
internal sealed record OptionsSection(string Name, Type Options);

internal static class ModuleOptions
{
    /// <summary>Binds <typeparamref name="TOptions"/>, has <typeparamref name="TValidator"/> check it at start, and makes its section known.</summary>
    public static IHostApplicationBuilder AddModuleOptions<TOptions, TValidator>(this IHostApplicationBuilder builder)
        where TOptions : class, IModuleOptions
        where TValidator : class, IValidateOptions<TOptions>
    {
        if (builder.Services.Any(service => service.ImplementationInstance is OptionsSection known && known.Options == typeof(TOptions)))
        {
            return builder;
        }

        builder.Services.AddSingleton(new OptionsSection(TOptions.Section, typeof(TOptions)));
        builder.Services.AddOptions<TOptions>().Bind(builder.Configuration.GetSection(TOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<TOptions>, TValidator>();
        return builder;
    }
}
