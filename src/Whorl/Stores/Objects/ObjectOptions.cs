using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Whorl.Kernel;

namespace Whorl.Stores.Objects;

/// <summary>Where objects are kept.</summary>
internal enum ObjectProvider
{
    Files,
    S3,
}

/// <summary>Large things that were observed (uploads, bodies, mails, pages), kept by the hash of their bytes: as files in the folder <c>objects</c> under Node:Data, or in a bucket.</summary>
internal sealed class ObjectOptions : IModuleOptions, IValidatableObject
{
    public static string Section => "Objects";

    /// <summary><c>files</c>: files of this node. <c>s3</c>: a bucket at Amazon S3 or whatever speaks its language, which several nodes may share.</summary>
    public ObjectProvider Provider { get; set; }

    /// <summary>Megabytes of all of them together. When they are full nothing more is kept, so that nobody can wash away what is there; health says so. A bucket is measured at first use and each hour.</summary>
    [Range(1, 1024 * 1024)]
    public int Megabytes { get; set; } = 1024;

    /// <summary>The bucket.</summary>
    public S3Options S3 { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Provider == ObjectProvider.S3 ? S3.Faults() : [];
}

/// <summary>A bucket, and who may use it.</summary>
internal sealed class S3Options
{
    /// <summary>Address of the service, such as https://objects.example.com:9000. Empty: Amazon's own, of the region.</summary>
    public string Endpoint { get; set; } = "";

    /// <summary>Name of the bucket; it has to be there.</summary>
    public string Bucket { get; set; } = "";

    /// <summary>Region, as requests are signed for.</summary>
    public string Region { get; set; } = "us-east-1";

    /// <summary>What names of objects begin with, such as <c>whorl/</c>.</summary>
    public string Prefix { get; set; } = "";

    /// <summary>Whether the bucket stands in the path of addresses rather than in the host name. Most services other than Amazon's want it so.</summary>
    public bool PathStyle { get; set; } = true;

    /// <summary>Id of the access key. Empty: from AWS_ACCESS_KEY_ID, and the key from AWS_SECRET_ACCESS_KEY.</summary>
    public string AccessKey { get; set; } = "";

    /// <summary>The secret of the access key: prefer SecretKeyFile.</summary>
    public string SecretKey { get; set; } = "";

    /// <summary>File whose content is the secret of the access key.</summary>
    public string SecretKeyFile { get; set; } = "";

    public IEnumerable<ValidationResult> Faults()
    {
        if (Bucket.Length == 0)
        {
            yield return new("Objects:Provider s3 needs Objects:S3:Bucket.", [nameof(Bucket)]);
        }

        if (Endpoint.Length > 0 && (!Uri.TryCreate(Endpoint, UriKind.Absolute, out Uri? address) || address.Scheme is not ("http" or "https")))
        {
            yield return new("Objects:S3:Endpoint is no address like https://objects.example.com.", [nameof(Endpoint)]);
        }

        if (SecretKeyFile.Length > 0 && !File.Exists(SecretKeyFile))
        {
            yield return new($"Objects:S3:SecretKeyFile: no file {SecretKeyFile}.", [nameof(SecretKeyFile)]);
        }

        if (AccessKey.Length > 0 && SecretKey.Length > 0 == SecretKeyFile.Length > 0)
        {
            yield return new("Objects:S3:AccessKey needs either Objects:S3:SecretKey or Objects:S3:SecretKeyFile.", [nameof(AccessKey)]);
        }

        if (AccessKey.Length == 0 && (Variable("AWS_ACCESS_KEY_ID").Length == 0 || Variable("AWS_SECRET_ACCESS_KEY").Length == 0))
        {
            yield return new("Objects:Provider s3 needs Objects:S3:AccessKey, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment.", [nameof(AccessKey)]);
        }
    }

    /// <summary>Id and secret, from wherever they were given.</summary>
    public (string Id, string Secret) ReadKey() => AccessKey.Length > 0
        ? (AccessKey, SecretKeyFile.Length > 0 ? File.ReadAllText(SecretKeyFile).Trim() : SecretKey)
        : (Variable("AWS_ACCESS_KEY_ID"), Variable("AWS_SECRET_ACCESS_KEY"));

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
}

[OptionsValidator]
internal sealed partial class ObjectOptionsValidator : IValidateOptions<ObjectOptions>;
