package dev.tenantry;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A client of one Tenantry server. It holds a few connections, is safe for use by many threads, and
 * is meant to live as long as the application.
 */
public final class TenantryClient implements AutoCloseable {
  private static final String USER_AGENT = "tenantry-java/0.1.0";

  /** A row may have 8 MiB, and a message of a stream more than one row. */
  private static final int MESSAGE_BYTES_MAX = 32 << 20;

  private static final Duration KEEPALIVE = Duration.ofSeconds(30);
  private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(10);

  private final Transport transport;

  private TenantryClient(Transport transport) {
    this.transport = transport;
  }

  /**
   * Begins to describe a client.
   *
   * @param endpoint {@code http://host:port} for plaintext, {@code https://host:port} for TLS, or
   *     {@code host:port}, which is plaintext on the loopback and TLS everywhere else
   * @return what {@link Builder#build} makes the client of
   * @throws IllegalArgumentException if the endpoint has another form
   */
  public static Builder builder(String endpoint) {
    return new Builder(Endpoint.parse(endpoint));
  }

  /**
   * A handle of a database. It is cheap, makes no call, and does not check that there is one.
   *
   * @param reference {@code group/name} or {@code group/UUID}; without a slash the group is {@code
   *     default}
   * @return the handle
   */
  public Database database(String reference) {
    return new Database(transport, reference);
  }

  /** {@return the calls that create, find and change groups and databases} */
  public Databases databases() {
    return new Databases(transport);
  }

  /** {@return the calls that mint and withdraw tokens} */
  public Tokens tokens() {
    return new Tokens(transport);
  }

  /** {@return the calls that migrate schemas} */
  public Schema schema() {
    return new Schema(transport);
  }

  /**
   * The channel underneath, for the generated stubs in {@code dev.tenantry.v1}. It takes the
   * connections in turn and adds the token. Calls on it have no deadline but their own, are not
   * made again, and fail with the exceptions of gRPC.
   *
   * @return the channel
   */
  public Channel channel() {
    return transport.channel();
  }

  /**
   * Ends the client. Calls in flight fail with {@link TenantryException.Cancelled}, later ones with
   * {@link TenantryException.FailedPrecondition} and the reason {@code CLIENT_CLOSED}. Closing it
   * again does nothing.
   */
  @Override
  public void close() {
    transport.close();
  }

  /** What a client is made of. */
  public static final class Builder {
    private final Endpoint endpoint;
    private TokenSource tokens = TokenSource.fixed(null);
    private File certificates;
    private int channels = 2;
    private Duration timeout = Duration.ofSeconds(30);
    private RetryPolicy retries = RetryPolicy.DEFAULT;

    private Builder(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    /**
     * The token that goes with every call.
     *
     * @param token the token
     * @return this
     */
    public Builder token(String token) {
      tokens = TokenSource.fixed(token);
      return this;
    }

    /**
     * Asks for the token before the first call, keeps it, and asks again when the server refuses it
     * as expired, revoked or invalid: once for a failed call, and once for all that fail together.
     *
     * @param supplier answers a token; what it throws comes out of the call
     * @return this
     */
    public Builder token(Supplier<String> supplier) {
      tokens = TokenSource.asking(supplier);
      return this;
    }

    /**
     * Trusts the certificates of this file for TLS, instead of those that Java trusts.
     *
     * @param pem a file of certificates in PEM form
     * @return this
     */
    public Builder certificates(Path pem) {
      certificates = pem.toFile();
      return this;
    }

    /**
     * How many connections calls are spread over. Default: 2.
     *
     * @param count at least 1
     * @return this
     */
    public Builder channels(int count) {
      if (count < 1) {
        throw new IllegalArgumentException("a client needs at least 1 channel");
      }
      channels = count;
      return this;
    }

    /**
     * How long a call may take that is no stream and no transaction, all attempts together.
     * Default: 30 seconds.
     *
     * @param timeout the time, more than zero
     * @return this
     */
    public Builder timeout(Duration timeout) {
      this.timeout = Database.checked(timeout);
      return this;
    }

    /**
     * How often calls are made again, where that is safe. Default: {@link RetryPolicy#DEFAULT}.
     *
     * @param policy the policy
     * @return this
     */
    public Builder retries(RetryPolicy policy) {
      retries = policy;
      return this;
    }

    /**
     * Makes the client. It connects with its first call.
     *
     * @return the client
     * @throws UncheckedIOException if the file of certificates cannot be read
     */
    public TenantryClient build() {
      ChannelCredentials credentials = credentials();
      List<ManagedChannel> open =
          Stream.generate(() -> channel(credentials)).limit(channels).toList();
      return new TenantryClient(new Transport(open, tokens, retries, timeout));
    }

    private ChannelCredentials credentials() {
      if (endpoint.plaintext()) {
        return InsecureChannelCredentials.create();
      }
      if (certificates == null) {
        return TlsChannelCredentials.create();
      }
      try {
        return TlsChannelCredentials.newBuilder().trustManager(certificates).build();
      } catch (IOException unreadable) {
        throw new UncheckedIOException(unreadable);
      }
    }

    private ManagedChannel channel(ChannelCredentials credentials) {
      return Grpc.newChannelBuilderForAddress(endpoint.host(), endpoint.port(), credentials)
          .userAgent(USER_AGENT)
          .maxInboundMessageSize(MESSAGE_BYTES_MAX)
          .keepAliveTime(KEEPALIVE.toSeconds(), TimeUnit.SECONDS)
          .keepAliveTimeout(KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
          .build();
    }
  }
}
