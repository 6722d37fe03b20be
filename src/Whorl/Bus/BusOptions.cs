using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Bus;

/// <summary>What carries messages between roles.</summary>
internal enum BusProvider
{
    Channels,
    RabbitMq,
}

/// <summary>How messages travel between roles and nodes.</summary>
internal sealed class BusOptions : IModuleOptions, IValidatableObject
{
    public static string Section => "Bus";

    /// <summary><c>channels</c>: within this process. <c>rabbitmq</c>: through a broker that several nodes share.</summary>
    public BusProvider Provider { get; set; }

    /// <summary>Address of the broker, such as <c>amqp://user:password@host:5672/</c> or <c>amqps://…</c>. Holds a secret: prefer UriFile.</summary>
    public string Uri { get; set; } = "";

    /// <summary>File whose content is the address of the broker.</summary>
    public string UriFile { get; set; } = "";

    /// <summary>channels: messages that one queue holds before more are dropped and counted.</summary>
    [Range(1, 1_000_000)]
    public int QueueMessages { get; set; } = 8192;

    /// <summary>channels: megabytes that one queue holds before more are dropped and counted.</summary>
    [Range(1, 65_536)]
    public int QueueMegabytes { get; set; } = 64;

    /// <summary>rabbitmq: megabytes kept on disk while the broker is away, before more are dropped and counted.</summary>
    [Range(1, 1_048_576)]
    public int SpoolMegabytes { get; set; } = 256;

    /// <summary>Observations, or batches of them, that wait to be published before more are dropped and counted.</summary>
    [Range(16, 1_000_000)]
    public int OutboxMessages { get; set; } = 16_384;

    /// <summary>Megabytes of batches that wait to be published before more are dropped and counted.</summary>
    [Range(1, 65_536)]
    public int OutboxMegabytes { get; set; } = 64;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Provider != BusProvider.RabbitMq)
        {
            yield break;
        }

        if (Uri.Length > 0 == UriFile.Length > 0)
        {
            yield return new ValidationResult("Bus:Provider rabbitmq needs either Bus:Uri or Bus:UriFile.", [nameof(Uri)]);
        }
        else if (UriFile.Length > 0 && !File.Exists(UriFile))
        {
            yield return new ValidationResult($"Bus:UriFile: no file {UriFile}.", [nameof(UriFile)]);
        }
        else if (!System.Uri.TryCreate(ReadUri(), UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("amqp" or "amqps"))
        {
            // The text itself stays out of the message: it holds a password.
            yield return new ValidationResult("Bus:Uri is no address like amqp://user:password@host:5672/.", [nameof(Uri)]);
        }
    }

    /// <summary>The address of the broker, from wherever it was given.</summary>
    public string ReadUri() => UriFile.Length > 0 ? File.ReadAllText(UriFile).Trim() : Uri;
}

[OptionsValidator]
internal sealed partial class BusOptionsValidator : IValidateOptions<BusOptions>;
