using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Sources.Edge.Connections;

/// <summary>Certificates for the https listeners of the edge.</summary>
internal sealed class TlsOptions : IModuleOptions
{
    public static string Section => "Tls";

    /// <summary>Certificates; the server name a client asks for chooses among them, the first one serves names nobody has.</summary>
    [ValidateEnumeratedItems]
    public IList<CertificateFiles> Certificates { get; init; } = [];

    /// <summary>Where no certificate is configured: make a self-signed one in the data folder. Browsers warn of it; for trying out.</summary>
    public bool SelfSigned { get; set; } = true;

    /// <summary>How often the files are looked at for a change; a renewed certificate serves new connections from then on.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan ReloadInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a client may take from connecting to the end of the handshake.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00")]
    public TimeSpan HandshakeTimeout { get; set; } = TimeSpan.FromSeconds(10);
}

/// <summary>A certificate with its key, as PEM files.</summary>
internal sealed class CertificateFiles
{
    /// <summary>PEM file of the certificate, followed by its chain.</summary>
    [Required]
    public string Certificate { get; set; } = "";

    /// <summary>PEM file of the private key.</summary>
    [Required]
    public string Key { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class TlsOptionsValidator : IValidateOptions<TlsOptions>;
